#!/bin/sh
# merge WORK COMMAND...: runs COMMAND, which merges packages. If it succeeds, descriptor 8 gets the packages that were merged since
# the first run, `category/name-version` each, then `tree STAMP`; and everything in WORK except .gentoo-builder is removed. COMMAND gets English messages. Needs
# split-locale.sh.
work=$1
shift
start=$work/.gentoo-builder/merge-start
stamp=$work/.gentoo-builder/tree-stamp
mkdir -p "${start%/*}" && { [ -e "$start" ] || : >"$start"; } || exit
split_locale 8>&-
"$@" 8>&- || exit
find /var/db/pkg -mindepth 2 -maxdepth 2 -type d ! -name '-MERGING-*' -newer "$start" -printf '%P\n' | sort >&8
[ ! -e "$stamp" ] || sed 's/^/tree /' "$stamp" >&8
find "$work" -mindepth 1 -maxdepth 1 ! -name .gentoo-builder -exec rm -rf {} +
exit 0
