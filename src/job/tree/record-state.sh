#!/bin/sh
# record-state TREE: prints the state of TREE, fields that end in a zero byte: the time in seconds, the owner as UID:GID, the mode and
# the stamp of TREE, and the files of its git directory except objects and index, as an archive in base64. The last field is empty
# if the tree has no git directory of its own, or if the archive is too long for an argument. Needs tree-stamp.sh.
tree=$1
archive=''
if [ -d "$tree/.git" ] && [ ! -L "$tree/.git" ]; then
  archive=$(tar -C "$tree/.git" --exclude=./objects --exclude=./index --exclude=./modules --exclude=./lfs -czf - . | base64 -w 0)
  [ "${#archive}" -le 100000 ] || archive=''
fi
stamp=$(stamp "$tree") time=$(date +%s.%N)
# The clock of change times is a few milliseconds behind: whatever changes after this program has a later time than TIME.
clock=$(mktemp) || exit
while [ -z "$(find "$clock" -newerct "@$time")" ]; do touch "$clock" || exit; done
rm "$clock"
printf '%s\0' "$time" "$(stat -c %u:%g "$tree")" "$(stat -c %a "$tree")" "$stamp" "$archive"
