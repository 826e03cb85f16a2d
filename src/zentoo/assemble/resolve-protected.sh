#!/bin/sh
# resolve-protected [new|old FROM TO]...: for `new`, replaces TO by FROM; for `old`, removes FROM. A file TO that the engine mounts, such
# as /etc/hosts, cannot be replaced, and no image has it: FROM is removed, and TO and a zero byte are printed. The program may run
# again if its answer was lost, so a missing FROM is no failure.

is_mounted() {
  while read -r _ _ _ _ place _; do
    [ "$place" = "$1" ] && return
  done </proc/self/mountinfo
  return 1
}

while [ "$#" -ge 3 ]; do
  case $1 in
    new)
      if is_mounted "$3"; then
        printf '%s\0' "$3"
        rm -f -- "$2" || exit
      elif [ -e "$2" ] || [ -L "$2" ]; then
        mv -fT -- "$2" "$3" || exit
      fi
      ;;
    old) rm -f -- "$2" || exit ;;
  esac
  shift 3
done
