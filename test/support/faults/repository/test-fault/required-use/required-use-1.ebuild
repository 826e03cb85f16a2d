EAPI=8

DESCRIPTION="Wants one of its USE flags, which are both off"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
IUSE="left right"
REQUIRED_USE="|| ( left right )"
