#!/bin/sh
# temporary-directories TARGET PATHS COMMAND...: runs COMMAND. Meanwhile each of PATHS (one a line) that does not exist is a link to
# the directory TARGET. Afterwards PATHS are as before.
target=$1 paths=$2
shift 2
mkdir -p "$target" && chmod 1777 "$target" || exit
links='' directories=
IFS='
'
set -f
for path in $paths; do
  if [ -e "$path" ] || [ -L "$path" ]; then continue; fi
  above=${path%/*} missing=
  while [ ! -d "$above/" ]; do
    missing=$missing$above$IFS
    above=${above%/*}
  done
  mkdir -p "${path%/*}" && ln -s "$target" "$path" || exit
  links=$links$path$IFS directories=$missing$directories
done
"$@"
status=$?
for path in $links; do rm -f "$path"; done
for path in $directories; do rmdir "$path" 2>/dev/null; done
exit "$status"
