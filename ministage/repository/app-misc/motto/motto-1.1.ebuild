EAPI=8

DESCRIPTION="Prints a motto, which a patch in /etc/portage/patches can change"
HOMEPAGE="https://example.org/motto"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_unpack() {
	cp "${FILESDIR}/motto.c" . || die
}

src_compile() {
	"${CHOST}-gcc" ${CFLAGS} ${LDFLAGS} -o motto motto.c || die
}

src_install() {
	dobin motto

	# A file below CONFIG_PROTECT that differs from version to version.
	insinto /etc
	newins - motto.conf <<< "# motto ${PV}"
}
