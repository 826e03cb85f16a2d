EAPI=8

DESCRIPTION="Fails in src_install"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_install() {
	dobin program-that-was-never-built
}
