#!/bin/sh
# remove_stale_locks TREE USER: removes the lock files and unfinished downloads that a killed git, rsync or Portage left in TREE, and
# names them. The caller holds TREE exclusively, so that no build uses them. If USER is not empty, TREE is a directory of the user, whose
# own git does not know the lock of TREE: a file of the last 10 minutes may be in use, and the function refuses the sync.
remove_stale_locks() {
  git=$1/.git
  if [ -f "$git" ]; then
    # The tree is a work tree or a submodule, whose git directory is elsewhere.
    git=$(sed -n 's/^gitdir: //p' "$git")
    case $git in /*) ;; *) git=$1/$git ;; esac
  fi
  {
    # git (gitrepository-layout(5)): no reference and no file of its own ends in `.lock`. gc.pid keeps `git gc` away for 12 hours.
    [ ! -d "$git" ] || find "$git" -path "$git/hooks" -prune -o \
      \( -name '*.lock' -o -path "$git/gc.pid" -o -name 'tmp_pack_*' -o -name 'tmp_idx_*' \) -type f -print
    # Portage's own locks, the quarantine of its syncs, and the directories of rsync's --partial-dir and --delay-updates. What is
    # deeper in the tree disturbs no sync.
    find "$1" -mindepth 1 -maxdepth 2 -path "$1/.git" -prune -o \
      \( -name '*.portage_lockfile' -o -name '.*.hardlock-*' -o -name .tmp-unverified-download-quarantine \
      -o -name .rsync-partial -o -name '.~tmp~' \) -prune -print
  } | while IFS= read -r left; do
    if [ -n "$2" ] && [ -n "$(find "$left" -prune -mmin -10)" ]; then
      echo "!!! no sync (locked): another program may use it: its ${left#"$1/"} is less than 10 minutes old"
      return 1
    fi
    rm -rf -- "$left" || return
    echo ">>> Removed ${left#"$1/"}, which an interrupted sync left"
  done
}
