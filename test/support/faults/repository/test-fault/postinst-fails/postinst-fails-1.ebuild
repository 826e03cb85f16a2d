EAPI=8

DESCRIPTION="Fails after it has been merged"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

pkg_postinst() {
	die "installed, but of no use"
}
