#!/bin/sh
# skip-young TREE AGE COMMAND...: replaces itself by COMMAND (exec), which syncs TREE, unless TREE was synced less than AGE seconds
# ago and no sync is under way. Waits for no lock. If it skips the sync, it writes the tree's stamp to descriptor 8. Needs
# tree-stamp.sh, is-repository.sh, half-synced.sh and tree-age.sh.
tree=$1 most=$2
shift 2
if [ "$most" -gt 0 ] && exec 9<"$tree" && flock --nonblock --shared 9; then
  age=$(print_age "$tree")
  if [ -n "$age" ] && [ "$age" -lt "$most" ]; then
    echo ">>> The tree was synced $age s ago: not synced again"
    stamp "$tree" >&8
    exit
  fi
fi
exec 9<&-
exec "$@"
