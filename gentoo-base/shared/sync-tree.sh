#!/bin/sh
# sync-tree TREE AGE LEFTOVERS USER COMMAND...: runs COMMAND, which syncs TREE, unless another build synced TREE less than AGE seconds
# ago. Writes the tree's stamp to descriptor 8. If TREE has files and is not a repository, the program refuses the sync, unless LEFTOVERS
# is `delete` and no file is foreign: then an interrupted first sync left the files, and the program deletes them first. USER is not empty
# if TREE is a directory of the user. If a first sync fails, nothing is left of it: Portage clones a tree before it verifies it, and no build may use a
# tree that was not verified. The module refused-sync.ts reads the lines that begin with `!!! no sync `. Needs tree-stamp.sh,
# is-repository.sh, half-synced.sh, tree-age.sh and stale-locks.sh.
#
# has_foreign TREE: whether TREE has a file that no first sync leaves there: it is neither of a git clone nor has the name of a part of a
# repository. A label and a name do not prove whose the files are.
has_foreign() {
  [ ! -e "$1/.git" ] || return 1
  [ -n "$(find "$1" -mindepth 1 -maxdepth 1 ! \( -type d -name '*-*' \) ! -name '.*' ! -name 'Manifest*' ! -name 'skel.*' ! -name header.txt \
    ! -name lost+found ! -name virtual ! -name eclass ! -name licenses ! -name metadata ! -name profiles ! -name scripts -print -quit)" ]
}

tree=$1 most=$2 leftovers=$3 user=$4
shift 4

# mark_sync COMMAND...: makes the mark of a running sync. An empty tree gets none, because git clones into an empty directory only; it
# serves no build until its files are there. A snapshot may be interrupted when a part of them is.
mark_sync() {
  if [ -z "$before" ]; then
    case " $* " in *' emerge-webrsync '*) ;; *) return 0 ;; esac
  fi
  mark=$(sync_mark "$tree")
  mkdir -p "${mark%/*}" && : >"$mark"
}

# unmark_sync: removes the mark of a sync that has ended.
unmark_sync() {
  mark=$(sync_mark "$tree")
  rm -f "$mark" "$tree/local/gentoo-builder-syncing" || return
  rmdir "$tree/local" 2>/dev/null
  return 0
}

# A tree that is not synced again is left alone: a program of the user may use it.
if is_half_synced "$tree"; then restore_tree "$tree" "$user" || exit; fi
if ! is_repository "$tree" && [ -n "$(find "$tree" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ]; then
  if [ "$leftovers" = delete ] && ! has_foreign "$tree"; then
    echo ">>> The first sync of the tree was interrupted: starting it again"
    find "$tree" -mindepth 1 -delete || exit
  elif ! is_half_synced "$tree"; then
    echo '!!! no sync (foreign): it is neither empty nor an ebuild repository (no profiles/repo_name, no repo-name in metadata/layout.conf)'
    exit 1
  fi
fi
age=$(print_age "$tree")
if [ -n "$age" ] && [ "$age" -lt "$most" ]; then
  echo ">>> The tree was synced $age s ago: not synced again"
else
  restore_tree "$tree" "$user" || exit
  before=$(ls -A "$tree") fetch=$tree/.git/FETCH_HEAD
  [ ! -e "$fetch" ] && [ ! -e "$tree/.git/gentoo-builder-synced" ] || fetch=''
  was_half=''
  [ -e "$tree/.git" ] || ! is_half_synced "$tree" || was_half=yes
  mark_sync "$@" || exit
  "$@" 8>&- || {
    status=$?
    [ -n "$before" ] || find "$tree" -mindepth 1 -delete
    # A fetch is no proof that the clone before it was good.
    [ -z "$fetch" ] || rm -f "$fetch"
    # And no proof that the tree is the newest one. git empties the file, too, when a fetch begins.
    [ ! -s "$tree/.git/FETCH_HEAD" ] || : >"$tree/.git/FETCH_HEAD"
    [ -n "$was_half" ] || unmark_sync
    exit "$status"
  }
  # See print_age, and the module container/tree.ts.
  [ ! -d "$tree/.git" ] || : >"$tree/.git/gentoo-builder-synced" || exit
  unmark_sync || exit
fi
stamp "$tree" >&8
