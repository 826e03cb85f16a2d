EAPI=8

DESCRIPTION="Prints 200 MB while it compiles, which emerge prints again when it fails"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_unpack() {
	cp "${FILESDIR}/chatter.c" . || die
}

src_compile() {
	"${CHOST}-gcc" ${CFLAGS} ${LDFLAGS} -o chatter chatter.c || die
	./chatter 200000000
	die "said enough"
}
