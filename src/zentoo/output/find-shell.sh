#!/bin/sh
# find-shell ROOT PATH...: prints the first PATH that is an executable file below ROOT.
root=$1
shift
for shell; do
  [ -x "$root$shell" ] && echo "$shell" && exit
done
