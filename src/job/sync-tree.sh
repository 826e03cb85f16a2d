#!/bin/sh
# sync-tree TREE AGE DELETE COMMAND...: runs COMMAND, which syncs TREE, unless another build synced TREE less than AGE seconds ago. Writes
# the tree's stamp to descriptor 8. If DELETE is not empty and TREE is not a repository, the program first deletes the files in
# TREE: an interrupted first sync left them. Needs tree-stamp.sh, tree-age.sh and stale-locks.sh.
tree=$1 most=$2 delete=$3
shift 3
if [ -n "$delete" ] && [ ! -e "$tree/profiles/repo_name" ] && [ -n "$(ls -A "$tree")" ]; then
  echo ">>> The first sync of the tree was interrupted: starting it again"
  find "$tree" -mindepth 1 -delete || exit
fi
age=$(print_age "$tree")
if [ -n "$age" ] && [ "$age" -lt "$most" ]; then
  echo ">>> The tree was synced $age s ago: not synced again"
else
  remove_stale_locks "$tree" || exit
  "$@" 8>&- || exit
fi
stamp "$tree" >&8
