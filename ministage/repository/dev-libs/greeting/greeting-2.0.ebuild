EAPI=8

DESCRIPTION="A shared library with a greeting in it"
HOMEPAGE="https://example.org/greeting"
S="${WORKDIR}"

LICENSE="MIT"
# The subslot is the number in the soname.
SLOT="0/$(ver_cut 1)"
KEYWORDS="amd64"
IUSE="shout static-libs"

soname="libgreeting.so.$(ver_cut 1)"

src_unpack() {
	cp "${FILESDIR}"/greeting.{c,h} . || die
}

src_compile() {
	local command=( "${CHOST}-gcc" ${CFLAGS} -DVERSION="\"${PV}\"" $(usev shout -DWITH_SHOUT) )

	"${command[@]}" ${LDFLAGS} -fPIC -shared -Wl,-soname,"${soname}" -o "${soname}" greeting.c || die
	if use static-libs; then
		"${command[@]}" -c -o greeting.o greeting.c || die
		"${CHOST}-ar" rc libgreeting.a greeting.o || die
	fi
}

src_install() {
	dolib.so "${soname}"
	dosym "${soname}" "/usr/$(get_libdir)/libgreeting.so"
	use static-libs && dolib.a libgreeting.a
	doheader greeting.h
}
