#!/bin/sh
# measure-space DIRECTORY...: prints one line for each directory that exists, about its file system: device, size of a block in bytes,
# free blocks for users, blocks, free files, files, directory.
for directory; do
  [ -d "$directory" ] || continue
  device=$(stat -c %d -- "$directory") || continue
  space=$(stat -f -c '%S %a %b %d %c' -- "$directory") || continue
  printf '%s %s %s\n' "$device" "$space" "$directory"
done
