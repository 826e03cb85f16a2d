EAPI=8

DESCRIPTION="Compression library of gzip and PNG"
HOMEPAGE="https://zlib.net/"
SRC_URI="mirror://debian/pool/main/z/zlib/zlib_${PV}.dfsg.orig.tar.bz2"
S="${WORKDIR}/${P}.dfsg"

LICENSE="ZLIB"
SLOT="0/1"
KEYWORDS="amd64"
IUSE="static-libs"

src_configure() {
	# Not made by autoconf: takes its tools from CHOST and the flags from the environment.
	./configure --shared --prefix="${EPREFIX}/usr" --libdir="${EPREFIX}/usr/$(get_libdir)" || die
}

src_compile() {
	emake shared $(usev static-libs static)
}

src_install() {
	dolib.so libz.so*
	use static-libs && dolib.a libz.a

	doheader zconf.h zlib.h
	insinto "/usr/$(get_libdir)/pkgconfig"
	doins zlib.pc
	doman zlib.3
	dodoc ChangeLog README
}
