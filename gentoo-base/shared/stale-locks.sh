#!/bin/sh
# remove_stale_locks TREE USER: removes the lock files and unfinished downloads that a killed git, Mercurial, rsync or Portage left in
# TREE, and names them. The caller holds TREE exclusively, so that no build uses them. If USER is not empty, TREE is a directory of the
# user, whose own git does not know the lock of TREE: a file of the last 10 minutes may be in use, and the function refuses the sync. A
# git directory that is not in TREE is always taken for the user's. Needs half-synced.sh.
remove_stale_locks() {
  real=$(realpath -- "$1") || return
  find_leftovers "$1" | while IFS= read -r left; do
    case $left in
      "$1"/* | "$real"/*) theirs=$2 ;;
      *) theirs=yes ;;
    esac
    if [ -n "$theirs" ] && [ -n "$(find "$left" -prune -mmin -10)" ]; then
      echo "!!! no sync (locked): another program may use it: its ${left#"$1/"} is less than 10 minutes old"
      return 1
    fi
    rm -rf -- "$left" || return
    echo ">>> Removed ${left#"$1/"}, which an interrupted sync left"
  done
}

find_leftovers() {
  git=$(git_directory "$1") common=''
  # The git directory of a work tree has only its index and its HEAD: everything else is in the directory that all work trees share.
  [ ! -f "$git/commondir" ] || common=$(below "$git" "$(cat "$git/commondir")")
  find_git_locks "$git"
  find_git_locks "$common"
  # A lock of Mercurial is a link to the host and the process that hold it. Mercurial never takes it from another host.
  find "$1/.hg/wlock" "$1/.hg/store/lock" -maxdepth 0 2>/dev/null
  # Portage's own locks, the quarantine of its syncs, and the directories of rsync's --partial-dir and --delay-updates. What is
  # deeper in the tree disturbs no sync.
  find "$1" -mindepth 1 -maxdepth 2 -path "$1/.git" -prune -o \
    \( -name '*.portage_lockfile' -o -name '.*.hardlock-*' -o -name .tmp-unverified-download-quarantine \
    -o -name .rsync-partial -o -name '.~tmp~' \) -prune -print
}

# find_git_locks GIT: git (gitrepository-layout(5)) gives no reference and no file of its own a name that ends in `.lock`. gc.pid keeps
# `git gc` away for 12 hours. The caller does not hold the other work trees.
find_git_locks() {
  [ ! -d "$1" ] || (
    cd "$1" && find . \( -path ./hooks -o -path ./worktrees \) -prune -o \
      \( -name '*.lock' -o -path ./gc.pid -o -name 'tmp_pack_*' -o -name 'tmp_idx_*' \) -type f -print
  ) | sed "s|^\.|$(printf '%s' "$1" | sed 's/[&|\\]/\\&/g')|"
}
