#!/bin/sh
# record-stamp WORK TREE COMMAND...: keeps the stamp of TREE in the work directory for merge.sh and runs COMMAND. Needs
# tree-stamp.sh.
work=$1 tree=$2
shift 2
mkdir -p "$work/.gentoo-builder" && stamp "$tree" >"$work/.gentoo-builder/tree-stamp" || exit
exec "$@"
