#!/bin/sh
# tree-digest TREE: prints a digest of all files of TREE outside .git: names, types, modes, sizes, and the times of their last change,
# which no program can set.
cd "$1" || exit
find . -name .git -prune -o -printf '%P\t%y %m %s %C@ %l\0' | LC_ALL=C sort -z | sha256sum | cut -d ' ' -f 1
