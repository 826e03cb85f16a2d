#!/bin/sh
# use-store-server URL PARTITION INDEX: lets Portage take binary packages of PARTITION from URL/binpkgs/PARTITION, of which INDEX is the
# index, and nothing else from a binary host; and sources from URL/distfiles first. Portage asks for no index: this one is frozen.
set -eu
url=$1 partition=$2 index=$3
host=${url#*//}
cache=/var/cache/edb/binhost/${host%:*}/binpkgs/$partition
mkdir -p "$cache" /etc/portage
mv "$index" "$cache/Packages"

rm -rf /etc/portage/binrepos.conf
cat >/etc/portage/binrepos.conf <<END
[zentoo-store]
priority = 1
sync-uri = $url/binpkgs/$partition
location = /var/cache/binhost/zentoo-store
frozen = true
verify-signature = false
END

# Portage asks the mirrors called "local" first; portage(5).
mirrors=/etc/portage/mirrors
{
  printf 'local %s' "$url"
  [ ! -f "$mirrors" ] || sed -n 's/^local[[:space:]]\{1,\}/ /p' "$mirrors" | tr -d '\n'
  echo
  [ ! -f "$mirrors" ] || sed '/^local[[:space:]]/d' "$mirrors"
} >"$mirrors.new"
mv "$mirrors.new" "$mirrors"
