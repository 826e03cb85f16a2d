#!/bin/sh
# read-settings TREE COMMAND...: prints, each followed by a zero byte: the stamp of TREE, `yes` if this Portage serves a status
# stream, the output of COMMAND, and `yes` if this emerge has --jobs-tmpdir-require-free-gb. Needs tree-stamp.sh.
tree=$1
shift
stamp=$(stamp "$tree")
observable='' measuring=''
for module in /usr/lib/portage/lib /usr/lib/python3*/site-packages; do
  [ -e "$module/_emerge/_observability.py" ] && observable=yes
  grep -q -e '"--jobs-tmpdir-require-free-gb"' -- "$module/_emerge/main.py" 2>/dev/null && measuring=yes
done
printf '%s\0' "$stamp" "$observable" "$("$@")" "$measuring"
