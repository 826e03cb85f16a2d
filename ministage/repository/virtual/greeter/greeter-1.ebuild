EAPI=8

DESCRIPTION="Any program that greets"

SLOT="0"
KEYWORDS="amd64"

RDEPEND="|| ( app-misc/greet app-misc/hello )"
