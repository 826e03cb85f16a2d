EAPI=8

DESCRIPTION="GNU hello, the program that greets and shows how a GNU package is made"
HOMEPAGE="https://www.gnu.org/software/hello/"
SRC_URI="mirror://debian/pool/main/h/hello/hello_${PV}.orig.tar.gz"

LICENSE="GPL-3+"
SLOT="0"
KEYWORDS="amd64"
IUSE="nls"

src_configure() {
	econf $(use_enable nls)
}
