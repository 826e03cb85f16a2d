EAPI=8

DESCRIPTION="Tells the time; both of its slots can be installed side by side"
HOMEPAGE="https://example.org/timepiece"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="$(ver_cut 1)"
KEYWORDS="amd64"

src_unpack() {
	cp "${FILESDIR}/timepiece.c" . || die
}

src_compile() {
	# Slot 1 knows the time of day only.
	local format="%H:%M"
	[[ ${SLOT} == 1 ]] || format="%Y-%m-%d ${format}"

	"${CHOST}-gcc" ${CFLAGS} -DVERSION="\"${PV}\"" -DFORMAT="\"${format}\"" ${LDFLAGS} -o "timepiece${SLOT}" timepiece.c || die
}

src_install() {
	dobin "timepiece${SLOT}"
}
