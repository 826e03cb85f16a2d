#!/bin/sh
# restore-tree TREE TIME OWNER MODE ARCHIVE: makes TREE, a git clone, as it was at TIME: see record-state.sh. Prints `restored`, `emptied` if
# objects of git are missing, so that only a sync can fill the tree again, or `busy` if another process uses the tree: then nothing
# is changed. Runs neither hooks nor programs that the tree names: a changed git directory is first made again from ARCHIVE and from its
# objects. Files that git does not know remain if they and the directories above them are older than TIME.
tree=$1 time=$2 owner=$3 mode=$4 archive=$5
git=$tree/.git

# newer PLACE: prints something below PLACE that is newer than TIME, if there is something.
newer() {
  find "$1" -newerct "@$time" -print -quit
}

git_of_tree() {
  git -c safe.directory="$tree" -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.trustctime=true \
    -c core.checkStat=default -c gc.auto=0 -C "$tree" "$@"
}

# restore_git: makes the git directory again, if anything in it has changed. Changed objects are good if git finds none that is damaged
# or missing: their names are the digests of their contents.
restore_git() {
  [ -d "$git" ] && [ ! -L "$git" ] && [ -z "$(newer "$git")" ] && return
  [ -n "$archive" ] && [ -d "$git/objects" ] && [ ! -L "$git" ] && [ ! -L "$git/objects" ] || return
  objects=$(newer "$git/objects")
  find "$git" -mindepth 1 -maxdepth 1 ! -name objects -exec rm -rf {} + && rm -rf "$git/objects/info" &&
    printf '%s' "$archive" | base64 -d | tar -C "$git" -xzpf - && mkdir "$git/objects/info" || return
  if [ -n "$objects" ]; then
    git_of_tree fsck --full --no-dangling >&2 && git_of_tree prune --expire=now &&
      find "$git/objects" -type d -name '??' -empty -delete || return
  fi
  git_of_tree read-tree HEAD
}

# print_doomed LIST: prints the paths of LIST, which git does not know, that are newer than TIME, or below a directory that is newer: it may
# have been moved, which does not change the files in it.
# shellcheck disable=SC2016 # the inner shell expands its own arguments
print_doomed() {
  cd "$tree" && xargs -0 -r sh -c '
    time=$1
    shift
    for path; do
      path=${path%/} above=$path
      set --
      while [ "${above%/*}" != "$above" ]; do
        above=${above%/*}
        set -- "$@" "./$above"
      done
      if [ $# -gt 0 ] && [ -n "$(find "$@" -maxdepth 0 -newerct "@$time")" ]; then
        printf "./%s\0" "$path"
      else
        find "./$path" -newerct "@$time" -prune -print0
      fi
    done' print-doomed "$time" <"$1"
}

# restore_files: removes what git does not know, and writes each changed file again. Git lists nothing that is named .git.
restore_files() {
  unknown=$(mktemp) && doomed=$(mktemp) &&
    find "$tree" -path "$git" -prune -o -name .git -newerct "@$time" -prune -exec rm -rf {} + &&
    git_of_tree ls-files --others --directory -z >"$unknown" && (print_doomed "$unknown") >"$doomed" &&
    (cd "$tree" && xargs -0 -r rm -rf) <"$doomed" && rm "$unknown" "$doomed" &&
    find "$tree" -path "$git" -prune -o ! -type d -newerct "@$time" -exec rm -f {} + &&
    git_of_tree read-tree --reset -u HEAD
}

umask 022
exec 9<"$tree" || exit
flock --nonblock --exclusive 9 || {
  echo busy
  exit
}
if restore_git && restore_files; then
  # All of these were written after TIME, by git or by a package.
  find "$tree" -mindepth 1 -type d -newerct "@$time" ! -perm 755 -exec chmod 755 {} +
  find "$tree" -newerct "@$time" ! \( -uid "${owner%:*}" -gid "${owner#*:}" \) -exec chown -h "$owner" {} +
  [ "$(stat -c %a "$tree")" = "$mode" ] || chmod "$mode" "$tree"
  echo restored
else
  find "$tree" -mindepth 1 -delete || exit
  echo emptied
fi
