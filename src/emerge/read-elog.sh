#!/bin/sh
# read-elog DIRECTORY: prints the path and the text of each *.log file below DIRECTORY, a zero byte after each of them.
# Of a text, at most a mebibyte: a package can print without end.
cd "$1" 2>/dev/null || exit 0
find . -type f -name '*.log' -exec printf '%s\0' {} \; -exec head -c 1048576 {} \; -exec printf '\0' \;
