#!/bin/sh
# sync-tree TREE AGE LEFTOVERS USER COMMAND...: runs COMMAND, which syncs TREE, unless another build synced TREE less than AGE seconds
# ago. Writes the tree's stamp to descriptor 8. If TREE has files and is not a repository, and LEFTOVERS is `delete`, an interrupted
# first sync left the files, and the program first deletes them; otherwise it refuses the sync. USER is not empty if TREE is a
# directory of the user. If a first sync fails, nothing is left of it: Portage clones a tree before it verifies it, and no build may use a
# tree that was not verified. The module refused-sync.ts reads the lines that begin with `!!! no sync `. Needs tree-stamp.sh,
# is-repository.sh, tree-age.sh and stale-locks.sh.
tree=$1 most=$2 leftovers=$3 user=$4
shift 4
if ! is_repository "$tree" && [ -n "$(find "$tree" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ]; then
  if [ "$leftovers" != delete ]; then
    echo '!!! no sync (foreign): it is neither empty nor an ebuild repository (no profiles/repo_name, no repo-name in metadata/layout.conf)'
    exit 1
  fi
  echo ">>> The first sync of the tree was interrupted: starting it again"
  find "$tree" -mindepth 1 -delete || exit
fi
age=$(print_age "$tree")
if [ -n "$age" ] && [ "$age" -lt "$most" ]; then
  echo ">>> The tree was synced $age s ago: not synced again"
else
  remove_stale_locks "$tree" "$user" || exit
  before=$(ls -A "$tree") fetch=$tree/.git/FETCH_HEAD
  [ ! -e "$fetch" ] && [ ! -e "$tree/.git/gentoo-builder-synced" ] || fetch=''
  "$@" 8>&- || {
    status=$?
    [ -n "$before" ] || find "$tree" -mindepth 1 -delete
    # A fetch is no proof that the clone before it was good.
    [ -z "$fetch" ] || rm -f "$fetch"
    exit "$status"
  }
  # See print_age, and the module container/tree.ts.
  [ ! -d "$tree/.git" ] || : >"$tree/.git/gentoo-builder-synced" || exit
fi
stamp "$tree" >&8
