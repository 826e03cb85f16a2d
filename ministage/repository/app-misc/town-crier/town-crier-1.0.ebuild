EAPI=8

DESCRIPTION="Has messages of each kind for the user, and a file whose name is not ASCII"
HOMEPAGE="https://example.org/town-crier"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_install() {
	newbin - town-crier <<< "#!/bin/sh"
	insinto /usr/share/town-crier
	newins - grüße <<< "grüße"
	eqawarn "a warning about quality, of src_install"
}

pkg_postinst() {
	einfo "an information"
	elog "a message"
	ewarn "a warning"
	ewarn "in two lines"
	eerror "an error"
}
