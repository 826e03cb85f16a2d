EAPI=8

DESCRIPTION="A program with a file capability, which is set after the merge"
HOMEPAGE="https://example.org/doorbell"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_install() {
	newbin - doorbell <<< "#!/bin/sh"
}

pkg_postinst() {
	setcap cap_net_bind_service=ep "${EROOT}/usr/bin/doorbell" || die
}
