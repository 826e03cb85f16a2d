EAPI=8

DESCRIPTION="Has a newer version, with an EAPI for which the bash of the ministage is too old"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
