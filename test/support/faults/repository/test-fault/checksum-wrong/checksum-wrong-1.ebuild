EAPI=8

DESCRIPTION="Its source is not the one in its Manifest"
HOMEPAGE="https://example.org/test-fault"
SRC_URI="mirror://debian/pool/main/t/tree/tree_2.1.0.orig.tar.gz -> ${P}.tar.gz"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
