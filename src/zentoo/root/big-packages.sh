#!/bin/sh
# big-packages TEMPORARY CONFIGURATION NUMBER ATOMS COMMAND...: runs COMMAND. Meanwhile package.env in the directory
# CONFIGURATION tells Portage to build ATOMS (one a line) in the directory TEMPORARY. Afterwards package.env is as before, its
# time included. NUMBER distinguishes several configurations.
#
# Portage reads package.env when it starts. The entry is temporary, so that no partition's digest and no image contains it.
temporary=$1 configuration=$2 kept=$1/kept-$3 atoms=$4
shift 4
name=zentoo-big-packages.conf made=
variables=$configuration/env/$name
list=$configuration/package.env
mkdir -p "$temporary" && chmod 1777 "$temporary" || exit
[ -d "$configuration/env" ] || made=$configuration/env
mkdir -p "$configuration/env" && printf 'PORTAGE_TMPDIR="%s"\n' "$temporary" >"$variables" || exit
if [ -d "$list" ]; then
  last=$(find "$list/" -mindepth 1 -maxdepth 1 ! -name '.*' -printf '%f\n' | LC_ALL=C sort | tail -n 1)
  list=$list/$last-zentoo
fi
rm -f "$kept"
if [ -e "$list" ]; then
  cp -p "$list" "$kept" && echo >>"$list" || exit
fi
printf '%s\n' "$atoms" | sed "s/\$/ $name/" >>"$list" || exit
"$@"
status=$?
if [ -e "$kept" ]; then
  cat "$kept" >"$list" && touch -r "$kept" "$list"
else
  rm -f "$(readlink -f "$list")"
fi
rm -f "$variables"
[ -z "$made" ] || rmdir "$made"
exit "$status"
