#!/bin/sh
# read-elog DIRECTORY: prints the path and the text of each *.log file below DIRECTORY, a zero byte after each of them.
cd "$1" 2>/dev/null || exit 0
find . -type f -name '*.log' -exec printf '%s\0' {} \; -exec cat {} \; -exec printf '\0' \;
