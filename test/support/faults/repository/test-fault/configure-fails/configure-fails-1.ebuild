EAPI=8

DESCRIPTION="Fails in src_configure"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_configure() {
	die "nothing to configure with"
}
