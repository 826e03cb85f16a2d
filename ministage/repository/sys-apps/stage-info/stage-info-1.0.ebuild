EAPI=8

DESCRIPTION="Says what stage this is"
HOMEPAGE="https://example.org/stage-info"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_unpack() {
	cp "${FILESDIR}/stage-info.c" . || die
}

src_compile() {
	"${CHOST}-gcc" ${CFLAGS} ${LDFLAGS} -o stage-info stage-info.c || die
}

src_install() {
	dobin stage-info
}
