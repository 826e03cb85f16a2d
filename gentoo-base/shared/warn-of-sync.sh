#!/bin/sh
# warn-of-sync TREE COMMAND...: prints what a sync of TREE, a directory of the user, may overwrite or delete, and becomes COMMAND,
# which syncs it. The module sync-line.ts reads the lines that begin with `!!! before the sync: `.
tree=$1
shift
owner=$(stat -c %u "$tree")
# Portage syncs as the owner of the tree only if the stage knows the owner.
if [ "$owner" != 0 ] && ! getent passwd "$owner" >/dev/null; then
  echo "!!! before the sync: the tree belongs to the user id $owner, which the base does not have: new files will belong to root"
fi

# The configuration of the user's clone may hide files (status.showUntrackedFiles) or name programs that the container does not have.
git_of_tree() {
  git -c safe.directory="$tree" -c core.fsmonitor=false -c core.hooksPath=/dev/null -c status.showUntrackedFiles=normal \
    --no-optional-locks -C "$tree" "$@" 2>/dev/null
}

# warn_of WHAT LOSS: warns of the files on standard input, lines of `git status --porcelain`, if there are any.
warn_of() {
  count=0 first=
  while IFS= read -r line; do
    count=$((count + 1))
    [ "$count" -le 3 ] && first="$first${first:+, }${line#???}"
  done
  [ "$count" -eq 0 ] || echo "!!! before the sync: the tree has $count $1, which the sync may $2: $first"
}

if [ -e "$tree/.git" ]; then
  git_of_tree status --porcelain | warn_of 'local changes' 'overwrite or delete'
  # Portage runs `git clean -x`.
  git_of_tree status --porcelain --ignored | grep '^!!' | warn_of 'ignored files or directories' delete
  count=$(git_of_tree rev-list --count '@{upstream}..HEAD')
  if [ "${count:-0}" -gt 0 ]; then
    echo "!!! before the sync: the tree has $count commits that its upstream branch does not have, which the sync may discard"
  fi
elif [ -n "$(find "$tree" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ]; then
  # rsync --delete
  echo '!!! before the sync: the tree is not a git clone: the sync overwrites changed files, and deletes files that its source does not have'
fi
exec "$@"
