#!/bin/sh
# with-metadata-cache CACHE TREE OTHER BYTES FILES COMMAND...: replaces itself by COMMAND (exec). Portage keeps the metadata of TREE's ebuilds
# in CACHE. If CACHE is damaged, or if its file system has less than BYTES or room for less than FILES files, Portage would end with
# a traceback: then it keeps the metadata in OTHER. The module metadata-cache.ts reads the line that begins with `!!! metadata cache: `.
cache=$1 tree=$2 other=$3 bytes=$4 files=$5
shift 5

# print_fault: prints why Portage cannot write to the cache; nothing if it can, or if the cache is read-only: then it writes nothing.
print_fault() {
  place=$cache$tree
  while [ ! -e "$place" ] && [ "$place" != "$cache" ]; do place=${place%/*}; done
  if [ -e "$place" ] && [ ! -d "$place" ]; then
    echo "$place is not a directory"
  elif [ -w "$place" ]; then
    # A file system without a fixed number of files has 0 of them.
    stat -f -c '%S %a %c %d' -- "$place" | while read -r block free all left; do
      if [ "$((block * free))" -lt "$bytes" ]; then
        echo "its file system has only $((block * free / 1048576)) MiB free"
      elif [ "$all" -gt 0 ] && [ "$left" -lt "$files" ]; then
        echo "its file system has room for only $left files"
      fi
    done
  fi
}

fault=$(print_fault)
if [ -n "$fault" ]; then
  echo "!!! metadata cache: the metadata cache in $cache is not used: $fault"
  mkdir -p "$other" && export PORTAGE_DEPCACHEDIR="$other"
fi
exec "$@"
