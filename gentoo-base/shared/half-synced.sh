#!/bin/sh
# Functions for a tree whose sync was killed in the middle.

# git_directory TREE: prints the path of the git directory of TREE; nothing if it has none. That of a work tree and of a submodule is
# elsewhere.
git_directory() {
  git=$1/.git
  if [ -f "$git" ]; then git=$(below "$1" "$(sed -n 's/^gitdir: //p' "$git")"); fi
  [ ! -d "$git" ] || printf '%s\n' "$git"
}

# below DIRECTORY PATH: prints PATH, which may be relative to DIRECTORY, as an absolute path without `..`.
below() {
  case $2 in
    /*) realpath -m -- "$2" ;;
    *) realpath -m -- "$1/$2" ;;
  esac
}

# sync_mark TREE: prints the path of a file that is there while a sync of TREE runs, and after one that was killed. Neither git nor
# Portage's rsync deletes it there: see PORTAGE_RSYNC_OPTS in make.globals.
sync_mark() {
  git=$(git_directory "$1")
  printf '%s/gentoo-builder-syncing\n' "${git:-"$1/local"}"
}

# find_unzipped TREE: prints the directory to which an interrupted sync from a zip file has moved the files of TREE, if there is one.
find_unzipped() {
  [ ! -e "$1/.git" ] || return 0
  find "$1" -mindepth 1 -maxdepth 1 -type d -name '.temp????????' | while IFS= read -r aside; do
    if [ -e "$1/local/gentoo-builder-syncing" ] || [ -e "$aside/local/gentoo-builder-syncing" ]; then
      printf '%s\n' "$aside"
    fi
  done
}

# is_half_synced TREE: whether a sync of TREE runs, or was killed. The caller holds a lock of TREE, if it has to know that none runs.
is_half_synced() {
  [ -e "$(sync_mark "$1")" ] || [ -n "$(find_unzipped "$1")" ]
}

# is_torn TREE: whether TREE may have files of two revisions: a sync was killed, that of git while it wrote them.
is_torn() {
  is_half_synced "$1" || return
  git=$(git_directory "$1")
  [ -z "$git" ] || [ -e "$git/index.lock" ] || [ -s "$git/gentoo-builder-syncing" ]
}

# restore_tree TREE USER: prepares TREE, whose sync was killed, for the next one: a sync from a zip file first moves all files aside, and
# rsync and snapshots take a tree for the newest one by its time. The caller holds TREE exclusively. Needs stale-locks.sh, by which it
# removes the lock files.
restore_tree() {
  if [ -n "$(git_directory "$1")" ]; then
    is_half_written "$1" "$2"
    remove_stale_locks "$1" "$2" && restore_work_tree "$1" "$2"
  elif is_half_synced "$1"; then
    find_unzipped "$1" | while IFS= read -r aside; do
      cp -a "$aside/." "$1/" && rm -rf "$aside" "$1/.info" || return
      echo ">>> Moved back the files in ${aside##*/}, which an interrupted sync left"
    done && rm -f "$1/metadata/timestamp.chk" "$1/metadata/timestamp.x" && remove_stale_locks "$1" "$2"
  else
    remove_stale_locks "$1" "$2"
  fi
}

# restore_work_tree TREE USER: git writes the files before the index. If it is killed in between, it later takes them for changes of the
# user, and does not overwrite them. Only files that the sync was to write are restored: git begins to write only if none of them has
# changes of the user. A clone that was killed has no index yet.
restore_work_tree() {
  paths=$(mktemp) || return
  if [ -z "$2" ] && [ ! -e "$1/.git/index" ] && git_of_tree "$1" read-tree HEAD 2>/dev/null; then
    git_of_tree "$1" ls-files -z >"$paths"
  elif is_half_written "$1" "$2" && git_of_tree "$1" rev-parse --quiet --verify '@{upstream}' >/dev/null 2>&1; then
    git_of_tree "$1" diff --no-renames --name-only --diff-filter=A -z HEAD '@{upstream}' | (cd "$1" && xargs -0 -r rm -f --) &&
      git_of_tree "$1" diff --no-renames --name-only --diff-filter=a -z HEAD '@{upstream}' >"$paths" || return
  fi
  if [ -s "$paths" ]; then
    git_of_tree "$1" checkout-index --force --index -z --stdin <"$paths" &&
      (cd "$1" && xargs -0 -r chown -h --reference=. -- "$(git_directory "$1")/index") <"$paths" || return
    # The files are those of one revision again.
    mark=$(sync_mark "$1")
    [ ! -s "$mark" ] || : >"$mark"
    echo ">>> Restored the files that an interrupted sync had begun to write"
  fi
  rm "$paths"
}

# is_half_written TREE USER: whether git was killed while it wrote files of TREE. In a directory of the user, that was a git of the user if
# there is no mark.
is_half_written() {
  mark=$(sync_mark "$1")
  if [ -e "${mark%/*}/index.lock" ] && { [ -z "$2" ] || [ -e "$mark" ]; }; then
    # The lock is removed before the files are restored.
    echo writing >"$mark"
  fi
  [ -s "$mark" ]
}

git_of_tree() {
  at=$1
  shift
  git -c safe.directory='*' -c core.hooksPath=/dev/null -c core.fsmonitor=false -C "$at" "$@"
}
