#!/bin/sh
# append-make-conf DIRECTORY LINES: adds LINES to the make.conf in DIRECTORY. If make.conf is a directory, it adds them to the file
# that Portage reads last.
file=$1/make.conf
if [ -d "$file" ]; then
  last=$(cd "$file" && find . -mindepth 1 -maxdepth 1 ! -name '.*' ! -name '*~' | LC_ALL=C sort | tail -n 1)
  [ -f "$file/$last" ] && file=$file/$last || file=$file/$last-zentoo.conf
fi
printf '\n%s' "$2" >>"$file"
