#!/bin/sh
# print_age TREE: prints the number of seconds since the last sync of TREE; nothing if TREE is not a repository, has no trace of a
# sync, or had one that was interrupted. The time of a sync is the change time of the files that git, rsync or a snapshot writes; only
# this machine's clock sets it. HEAD alone is no trace: Portage clones a tree before it verifies it, and a killed sync leaves the clone.
# Needs is-repository.sh and half-synced.sh.
print_age() {
  is_repository "$1" || return 0
  ! is_half_synced "$1" || return 0
  now=$(date +%s) newest=''
  for trace in "$1/.git/FETCH_HEAD" "$1/.git/HEAD" "$1/metadata/timestamp.chk"; do
    [ "$trace" != "$1/.git/HEAD" ] || [ -e "$1/.git/gentoo-builder-synced" ] || continue
    # git empties FETCH_HEAD when a fetch begins: an empty one is of a fetch that failed.
    if [ -s "$trace" ]; then
      time=$(stat -c %Z "$trace")
      # A time in the future counts as old: the clock was set back since.
      if [ "$time" -le "$now" ] && [ "$time" -gt "${newest:-0}" ]; then newest=$time; fi
    fi
  done
  if [ -n "$newest" ]; then echo "$((now - newest))"; fi
}
