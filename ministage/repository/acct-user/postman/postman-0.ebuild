EAPI=8

DESCRIPTION="The user of app-misc/postbox"
HOMEPAGE="https://example.org/postbox"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

RDEPEND="acct-group/postman"

pkg_preinst() {
	getent passwd postman >/dev/null ||
		useradd --system --uid 301 --gid postman --home-dir /var/spool/postbox --no-create-home --shell /usr/sbin/nologin postman || die
}
