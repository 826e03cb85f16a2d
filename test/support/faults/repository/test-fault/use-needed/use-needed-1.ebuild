EAPI=8

DESCRIPTION="Needs a library with a USE flag that is off"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

RDEPEND="dev-libs/greeting[shout]"
