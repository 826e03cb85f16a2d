#!/bin/bash
# hold [SECONDS]: runs until its standard input ends, and copies its standard input to its standard output. With SECONDS, also ends when its
# standard input is silent for so long; while the container is paused, input waits, so it looks once more before it ends. Ignores the signals
# of terminate.sh and hang-up.sh.
trap '' TERM INT HUP
[ "$#" -eq 0 ] && exec cat
while IFS= read -r -t "$1" line || { [ "$?" -gt 128 ] && read -r -t 0; }; do
  printf '%s\n' "$line"
done
