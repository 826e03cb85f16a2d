#!/bin/sh
# merge WORK COMMAND...: runs COMMAND, which merges packages. If it succeeds, descriptor 8 gets the packages that were merged since
# the first run, `category/name-version` each, then `tree STAMP`; and what Portage left in WORK is removed. COMMAND gets English
# messages. Needs split-locale.sh.
work=$1
shift
start=$work/.gentoo-builder/merge-start
stamp=$work/.gentoo-builder/tree-stamp

# Each installed package with the time of its record. Times are compared with those of the first run for being the same, not for their
# order, because the clock may be set back meanwhile.
list_installed() {
  [ ! -d /var/db/pkg ] ||
    find /var/db/pkg -mindepth 2 -maxdepth 2 -type d ! -name '-MERGING-*' -printf '%T@ %P\n' | LC_ALL=C sort
}

mkdir -p "${start%/*}" || exit
[ -e "$start" ] || { list_installed 8>&- >"$start.new" && mv "$start.new" "$start"; } || exit
split_locale 8>&-
"$@" 8>&- || exit
list_installed | LC_ALL=C comm -13 "$start" - | cut -d ' ' -f 2- | sort >&8
[ ! -e "$stamp" ] || sed 's/^/tree /' "$stamp" >&8
# A work volume is also the staging place of new packages: a directory CHOST/CPU/PARTITION with an index, beside .store.
find "$work" -mindepth 1 -maxdepth 1 ! -name .gentoo-builder ! -name .store -exec sh -c '
  for left; do
    [ -n "$(find "$left" -mindepth 3 -maxdepth 3 -name Packages)" ] || rm -rf "$left"
  done' sh {} +
exit 0
