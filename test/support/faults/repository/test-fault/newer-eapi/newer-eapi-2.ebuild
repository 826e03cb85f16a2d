EAPI=9

DESCRIPTION="Has an EAPI for which the bash of the ministage is too old"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
