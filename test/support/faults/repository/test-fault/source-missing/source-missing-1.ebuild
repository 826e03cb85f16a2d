EAPI=8

DESCRIPTION="Its source is not where it should be"
HOMEPAGE="https://example.org/test-fault"
SRC_URI="mirror://debian/pool/main/h/hello/${P}.tar.gz"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
