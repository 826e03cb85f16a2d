#!/bin/sh
# link-repositories [PATH TARGET]...: makes each PATH a symbolic link to TARGET, in place of a link or of an empty directory.
while [ $# -gt 0 ]; do
  mkdir -p "${1%/*}" || exit 1
  [ -L "$1" ] || { [ ! -d "$1" ] || rmdir "$1"; } && ln -sfn "$2" "$1" || exit 1
  shift 2
done
