#!/bin/sh
# read-settings COUNT TREE... COMMAND...: prints, each followed by a zero byte: the stamp of the first of COUNT trees, `yes` if this Portage
# serves a status stream, the output of COMMAND, `yes` if this emerge has --jobs-tmpdir-require-free-gb, and the trees, one a line, that may
# have files of two revisions because a sync was killed, or runs. Needs tree-stamp.sh and half-synced.sh.
count=$1 torn=''
shift
stamp=$(stamp "$1")
while [ "$count" -gt 0 ]; do
  ! is_torn "$1" || torn=$torn$1'
'
  count=$((count - 1))
  shift
done
observable='' measuring=''
for module in /usr/lib/portage/lib /usr/lib/python3*/site-packages; do
  [ -e "$module/_emerge/_observability.py" ] && observable=yes
  grep -q -e '"--jobs-tmpdir-require-free-gb"' -- "$module/_emerge/main.py" 2>/dev/null && measuring=yes
done
printf '%s\0' "$stamp" "$observable" "$("$@")" "$measuring" "$torn"
