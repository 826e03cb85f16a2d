EAPI=8

DESCRIPTION="Lists directories as a tree"
HOMEPAGE="https://oldmanprogrammer.net/source.php?dir=projects/tree"
SRC_URI="mirror://debian/pool/main/t/tree/tree_${PV}.orig.tar.gz"

LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	# Its Makefile has flags of its own, which those on the command line replace.
	emake CC="${CHOST}-gcc" CFLAGS="${CFLAGS} -D_LARGEFILE64_SOURCE -D_FILE_OFFSET_BITS=64" LDFLAGS="${LDFLAGS}"
}

src_install() {
	dobin tree
	doman doc/tree.1
	dodoc CHANGES README TODO
}
