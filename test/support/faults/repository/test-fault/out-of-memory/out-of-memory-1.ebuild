EAPI=8

DESCRIPTION="Its compiler is killed by the kernel in a container with less than a gigabyte of memory"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	"${CHOST}-gcc" ${CFLAGS} -c -o /dev/null "${FILESDIR}/large.c" || die
}
