#!/bin/sh
# warn-of-sync TREE COMMAND...: prints what a sync of TREE, a directory of the user, may overwrite, and becomes COMMAND, which syncs
# it. The module sync-line.ts reads the lines that begin with `!!! before the sync: `.
tree=$1
shift
owner=$(stat -c %u "$tree")
# Portage syncs as the owner of the tree only if the stage knows the owner.
if [ "$owner" != 0 ] && ! getent passwd "$owner" >/dev/null; then
  echo "!!! before the sync: the tree belongs to the user id $owner, which the base does not have: new files will belong to root"
fi
if [ -e "$tree/.git" ]; then
  git -c safe.directory="$tree" --no-optional-locks -C "$tree" status --porcelain 2>/dev/null | {
    count=0 first=
    while IFS= read -r line; do
      count=$((count + 1))
      [ "$count" -le 3 ] && first="$first${first:+, }${line#???}"
    done
    [ "$count" -eq 0 ] ||
      echo "!!! before the sync: the tree has $count local changes, which the sync may overwrite or delete: $first"
  }
fi
exec "$@"
