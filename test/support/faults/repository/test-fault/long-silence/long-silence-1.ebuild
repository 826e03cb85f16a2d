EAPI=8

DESCRIPTION="Says nothing for half a minute, and is fine"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	echo "going silent"
	sleep 30 || die
	echo "still there"
}
