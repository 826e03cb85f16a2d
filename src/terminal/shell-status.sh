#!/bin/sh
# shell-status STATE: prints the exit status that run-shell.sh wrote to STATE; prints nothing if there is none.
if [ -e "$1" ]; then cat "$1"; fi
