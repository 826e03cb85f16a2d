EAPI=8

DESCRIPTION="The C library that the stage's cross compiler links against: Debian's, as the stage has it"
HOMEPAGE="https://musl.libc.org/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
# Compiled by Debian.
RESTRICT="strip"

# Headers and start files stay in the stage, where the compiler looks for them.
libc="lib/x86_64-linux-musl/libc.so"

src_unpack() {
	cp "${BROOT}/${libc}" libc.so || die
}

src_compile() {
	# Started as a program, it says its version and ends with 1.
	local said=$(./libc.so 2>&1)
	[[ ${said} == *"Version ${PV}"$'\n'* ]] || die "the stage's libc is another one: ${said}"
}

src_install() {
	exeinto /lib
	newexe libc.so ld-musl-x86_64.so.1
}
