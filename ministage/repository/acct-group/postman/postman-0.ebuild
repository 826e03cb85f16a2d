EAPI=8

DESCRIPTION="The group of app-misc/postbox"
HOMEPAGE="https://example.org/postbox"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

pkg_preinst() {
	getent group postman >/dev/null || groupadd --system --gid 301 postman || die
}
