EAPI=8

DESCRIPTION="The directories, the users and the groups of a root that began empty"
HOMEPAGE="https://example.org/baselayout"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_install() {
	insinto /etc
	doins "${FILESDIR}"/{group,passwd}
	newins - gentoo-release <<< "ministage, for ${ELIBC}"
	dosym ../run /var/run
}

# Portage does not install directories with nothing in them.
pkg_postinst() {
	mkdir -p "${EROOT}"/{dev,home,proc,root,run,sys,tmp,usr/{bin,lib},var/{cache,db/repos/gentoo,lib,log,tmp}} || die
	chmod 0700 "${EROOT}/root" || die
	chmod 1777 "${EROOT}"/{,var/}tmp || die
}
