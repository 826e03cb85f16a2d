EAPI=8

DESCRIPTION="Transfers data from and to addresses of many kinds; a program and a library"
HOMEPAGE="https://curl.se/"
SRC_URI="mirror://debian/pool/main/c/curl/curl_${PV}.orig.tar.gz"

LICENSE="curl"
SLOT="0"
KEYWORDS="amd64"
IUSE="doc ftp ipv6 mail rarely-used ssl static-libs"

DEPEND="
	sys-libs/zlib:=
	ssl? ( dev-libs/openssl )
"
RDEPEND="${DEPEND}"
BDEPEND="virtual/pkgconfig"

src_configure() {
	# A stage has a zlib of Debian's too, which the loader would prefer.
	local -x LDFLAGS="${LDFLAGS} -Wl,-rpath,${EPREFIX}/usr/$(get_libdir)"

	local options=(
		$(use_enable ftp)
		$(use_enable ipv6)
		$(use_enable mail imap)
		$(use_enable mail pop3)
		$(use_enable mail smtp)
		$(use_enable rarely-used dict)
		$(use_enable rarely-used gopher)
		$(use_enable rarely-used mqtt)
		$(use_enable rarely-used rtsp)
		$(use_enable rarely-used telnet)
		$(use_enable rarely-used tftp)
		$(use_enable static-libs static)
		$(use_with ssl openssl)
		$(use_with ssl ca-path "${EPREFIX}/etc/ssl/certs")
		--with-zlib
		--disable-ldap
		--disable-ldaps
		--disable-manual
		--disable-smb
		--without-brotli
		--without-libidn2
		--without-libpsl
		--without-librtmp
		--without-libssh
		--without-libssh2
		--without-nghttp2
		--without-zstd
	)
	use ssl || options+=( --without-ssl )
	econf "${options[@]}"
}

src_compile() {
	emake -C lib
	emake -C src
}

src_install() {
	local part
	for part in include lib src; do
		emake -C "${part}" DESTDIR="${D}" install
	done
	find "${ED}" -name '*.la' -delete || die

	dobin curl-config
	insinto "/usr/$(get_libdir)/pkgconfig"
	doins libcurl.pc

	doman docs/curl.1
	# The library alone has hundreds of manual pages.
	use doc && doman docs/curl-config.1 docs/libcurl/*.3 docs/libcurl/opts/*.3
	dodoc CHANGES README
}
