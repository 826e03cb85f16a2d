EAPI=8

DESCRIPTION="Its C does not compile"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_unpack() {
	cp "${FILESDIR}/wrong.c" . || die
}

src_compile() {
	emake CC="${CHOST}-gcc" wrong
}
