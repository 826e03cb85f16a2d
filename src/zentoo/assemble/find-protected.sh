#!/bin/sh
# find-protected begin|end ROOT LIST: finds the files `._cfgNNNN_NAME` below ROOT. `begin` writes them to the file LIST. `end` prints those
# that are not in LIST as they are now, each with a zero byte. Times are compared for being the same, not for their order, because the
# clock may be set back meanwhile; no program can set the time of the last change of status.
step=$1 root=$2 list=$3

list_protected() {
  find "$root" -xdev -name '._cfg[0-9][0-9][0-9][0-9]_*' -printf '%C@ %T@ %s %p\0' | LC_ALL=C sort -z
}

case $step in
  begin) mkdir -p "${list%/*}" && list_protected >"$list" ;;
  end) list_protected | LC_ALL=C comm -z -13 "$list" - | LC_ALL=C cut -z -d ' ' -f 4- ;;
esac
