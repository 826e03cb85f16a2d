#!/bin/sh
# lock-tree --exclusive|--shared TREE MARKS WHO COMMAND...: runs COMMAND under a lock of the directory TREE. WHO describes this holder of
# the lock for other builds, in a file of the directory MARKS; MARKS is empty if there is no directory that they share. While another
# process holds the lock, the program names it on standard error, and the time of the output file is renewed every two seconds, so that
# waiting does not count as silence.
mode=$1 tree=$2 marks=$3 who=$4
shift 4

# take DESCRIPTOR MODE: locks the file of a descriptor.
take() {
  flock --nonblock "$2" "$1" && return
  [ -n "$told" ] || tell >&2
  told=yes
  while :; do
    flock --timeout 2 --conflict-exit-code 75 "$2" "$1"
    case $? in
      0) return ;;
      75) touch /proc/self/fd/1 2>/dev/null ;;
      *) exit 1 ;;
    esac
  done
}

# tell: names the other builds that use the tree or wait for it, and since when. Removes the marks of builds that ended: a build
# holds a lock of its mark.
tell() {
  found=''
  for file in "$marks/$key".*; do
    if [ ! -e "$file" ] || [ "$file" = "$own" ]; then
      continue
    elif flock --nonblock "$file" true 2>/dev/null; then
      rm -f "$file" 2>/dev/null
    elif read -r since its <"$file"; then
      found=yes
      time=$(date -u -d "@$since" '+%H:%M:%S UTC')
      echo ">>> Waiting for the tree $tree: $its uses it since $time ($(($(date +%s) - since)) s)"
    fi
  done
  if [ -z "$found" ] && [ -z "$marks" ]; then
    echo ">>> Waiting for the tree $tree: another build uses it; its name is unknown, because this container has no volume at /var/log/portage"
  elif [ -z "$found" ]; then
    echo ">>> Waiting for the tree $tree: another build uses it; its name is not in $marks: it has another volume for its logs, or none"
  fi
}

# mark: writes this build's mark. Without a writable directory, there is none.
mark() {
  own=''
  [ -n "$marks" ] && mkdir -p "$marks" && file=$(mktemp "$marks/$key.XXXXXX") && exec 7>"$file" && flock --nonblock 7 &&
    printf '%s %s\n' "$(date +%s)" "$who" >&7 && own=$file
} 2>/dev/null

told='' own=''
key=$(stat -c %d-%i "$tree") && exec 9<"$tree" || exit
# The gate lets no further build in while a sync waits, so that builds that overlap do not keep the sync out for ever. The
# directory `profiles` is the gate: no sync replaces it, and a tree without it serves no build.
[ ! -d "$tree/profiles" ] || { exec 6<"$tree/profiles" && take 6 --exclusive; }
[ "$mode" = --shared ] || mark
take 9 "$mode"
exec 6<&-
[ -n "$own" ] || mark
"$@" 7<&- 9<&-
status=$?
[ -z "$own" ] || rm -f "$own"
exit "$status"
