EAPI=8

DESCRIPTION="Leaves a process behind that outlives its build, and is fine"
HOMEPAGE="https://example.org/test-fault"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	# Under a name by which a test finds it, and in a session of its own, out of reach of Portage.
	setsid bash -c 'exec -a fault-grandchild sleep 3600' </dev/null >/dev/null 2>&1 &
	disown
}
