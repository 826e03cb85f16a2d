EAPI=8

DESCRIPTION="Distributes the compilation of C and C++ over several machines"
HOMEPAGE="https://www.distcc.org/"
SRC_URI="mirror://debian/pool/main/d/${PN}/${PN}_${PV}+really${PV}.orig.tar.gz"

LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64"

# This tarball has no configure, and the stage no autoconf: what configure would find is in files/config.h, and what it
# would make of Makefile.in is made here.
src_configure() {
	cp "${FILESDIR}/config.h" src/ || die
	sed \
		-e "s|@CC@|${CHOST}-gcc|; s|@CPP@|${CHOST}-gcc -E|" \
		-e "s|@CFLAGS@|${CFLAGS}|; s|@LDFLAGS@|${LDFLAGS}|" \
		-e "s|@CPPFLAGS@|${CPPFLAGS} -DHAVE_CONFIG_H -D_GNU_SOURCE|" \
		-e "s|@POPT_INCLUDES@|-Ipopt|; s|@BUILD_POPT@|\$(popt_OBJS)|" \
		-e "s|@libdir@|${EPREFIX}/usr/lib|; s|@sysconfdir@|${EPREFIX}/etc|" \
		-e "s|@srcdir@|.|; s|@SHELL@|/bin/sh|; s|@PACKAGE_VERSION@|${PV}|" \
		-e 's|@[A-Za-z_]*@||g' \
		Makefile.in >ministage.mk || die
}

src_compile() {
	emake -f ministage.mk distcc distccd distccmon-text
}

src_install() {
	dobin distcc distccd distccmon-text
	doman man/distcc.1 man/distccd.1 man/distccmon-text.1
	# What Portage puts first on the path of a build with FEATURES=distcc.
	local compiler
	for compiler in c++ cc g++ gcc "${CHOST}"-{c++,g++,gcc}; do
		dosym ../../../bin/distcc "/usr/lib/distcc/bin/${compiler}"
	done
}
