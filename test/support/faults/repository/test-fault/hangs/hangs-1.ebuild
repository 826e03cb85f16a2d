EAPI=8

DESCRIPTION="Never comes to the end of its compilation"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	echo "waiting for what does not come"
	sleep infinity || die
}
