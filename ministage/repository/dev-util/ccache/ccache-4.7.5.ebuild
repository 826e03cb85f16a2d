EAPI=8

DESCRIPTION="Keeps what compilers made of a source, and gives it out again for the same"
HOMEPAGE="https://ccache.dev/"
# Debian's own binary: what its source needs to be compiled, cmake among it, is more than the rest of this stage.
SRC_URI="
	mirror://debian/pool/main/c/${PN}/${PN}_4.8+really${PV}-1_amd64.deb
	mirror://debian/pool/main/h/hiredis/libhiredis0.14_0.14.1-3_amd64.deb
"
S="${WORKDIR}"

LICENSE="GPL-3+"
SLOT="0"
KEYWORDS="amd64"
RESTRICT="strip"
QA_PREBUILT="*"

src_unpack() {
	local package
	for package in ${A}; do
		ar p "${DISTDIR}/${package}" data.tar.xz | tar --extract --xz || die
	done
}

src_install() {
	dobin usr/bin/ccache
	dolib.so usr/lib/x86_64-linux-gnu/libhiredis.so.0.14
	# What Portage puts first on the path of a build with FEATURES=ccache.
	local compiler
	for compiler in c++ cc g++ gcc "${CHOST}"-{c++,g++,gcc}; do
		dosym ../../../bin/ccache "/usr/lib/ccache/bin/${compiler}"
	done
}
