EAPI=8

DESCRIPTION="Prints the greeting of libgreeting"
HOMEPAGE="https://example.org/greet"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
IUSE="loud"

# To be built anew when the library's subslot changes.
DEPEND="
	dev-libs/greeting:=
	loud? ( dev-libs/greeting:=[shout] )
"
RDEPEND="${DEPEND}"

src_unpack() {
	cp "${FILESDIR}/greet.c" . || die
}

src_compile() {
	"${CHOST}-gcc" ${CFLAGS} $(usev loud -DLOUD) ${LDFLAGS} -o greet greet.c -lgreeting || die
}

src_install() {
	dobin greet
}
