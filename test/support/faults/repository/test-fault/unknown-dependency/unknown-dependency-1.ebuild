EAPI=8

DESCRIPTION="Needs a package that is nowhere"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

RDEPEND="test-fault/nowhere"
