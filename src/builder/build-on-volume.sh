#!/bin/sh
# build-on-volume VOLUME TMPFS COMMAND...: becomes COMMAND with PORTAGE_TMPDIR in the directory VOLUME. First it removes the files
# on TMPFS, because they use memory.
mkdir -p "$1" && chmod 1777 "$1" || exit
find "$2" -mindepth 1 -maxdepth 1 ! -name .gentoo-builder -exec rm -rf {} +
PORTAGE_TMPDIR=$1
export PORTAGE_TMPDIR
shift 2
exec "$@"
