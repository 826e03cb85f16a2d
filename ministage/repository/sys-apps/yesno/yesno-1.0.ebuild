EAPI=8

DESCRIPTION="Two programs, one of which succeeds and one of which fails"
HOMEPAGE="https://example.org/yesno"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_unpack() {
	cp "${FILESDIR}/answer.c" . || die
}

src_compile() {
	"${CHOST}-gcc" ${CFLAGS} -DANSWER=0 ${LDFLAGS} -o say-yes answer.c || die
	"${CHOST}-gcc" ${CFLAGS} -DANSWER=1 ${LDFLAGS} -o say-no answer.c || die
}

src_install() {
	dobin say-yes say-no
}
