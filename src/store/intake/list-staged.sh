#!/bin/sh
# list-staged PLACE: prints `PARTITION/PATH` for each package that was put into a partition of the staging place PLACE.
cd "$1" || exit
for partition in */*/*-v2-????????????/; do
  if [ -L "${partition%/}" ] || [ ! -d "$partition" ]; then continue; fi
  find "$partition" -mindepth 2 \( -name '*.gpkg.tar' -o -name '*.xpak' -o -name '*.tbz2' \) -size +0 -print
done
