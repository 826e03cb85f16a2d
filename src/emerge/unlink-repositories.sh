#!/bin/sh
# unlink-repositories PATH...: replaces each symbolic link with an empty directory.
for path; do
  [ ! -L "$path" ] || { rm "$path" && mkdir "$path"; } || exit 1
done
