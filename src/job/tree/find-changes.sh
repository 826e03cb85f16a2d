#!/bin/sh
# find-changes TREE TIME GIT MOST: prints what has changed in TREE since TIME, in seconds: fields that end in a zero byte. The first is the
# lock that the program got: `exclusive`, `shared` if others use the tree, or `none` if it is being synced; then nothing else is
# printed. The second is the tree's stamp. At most MOST paths follow, each after the letter of its type and a blank. If GIT is
# empty, the git directory is left out. The program goes by the change times of files: only the kernel sets them. Needs tree-stamp.sh.
tree=$1 time=$2 git=$3 most=$4
exec 9<"$tree" || exit
if flock --nonblock --exclusive 9; then
  lock=exclusive
elif flock --nonblock --shared 9; then
  lock=shared
else
  printf 'none\0'
  exit
fi
printf '%s\0' "$lock" "$(stamp "$tree")"
set --
[ -n "$git" ] || set -- -path "$tree/.git" -prune -o
find "$tree" "$@" -newerct "@$time" -printf '%y %P\0' | head -z -n "$most"
