EAPI=8

DESCRIPTION="A program that runs as its user (setuid), and a directory of that user"
HOMEPAGE="https://example.org/postbox"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="acct-user/postman acct-group/postman"
RDEPEND="${DEPEND}"

src_unpack() {
	cp "${FILESDIR}/postbox.c" . || die
}

src_compile() {
	"${CHOST}-gcc" ${CFLAGS} ${LDFLAGS} -o postbox postbox.c || die
}

src_install() {
	dobin postbox
	fowners postman:postman /usr/bin/postbox
	fperms 4711 /usr/bin/postbox
	keepdir /var/spool/postbox
	fowners postman:postman /var/spool/postbox
	fperms 2770 /var/spool/postbox
}
