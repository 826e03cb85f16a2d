#!/bin/sh
# newest-log DIRECTORY LINES: prints the path of the newest file below DIRECTORY, then the file's last lines.
newest=$(find "$1" -type f -printf '%T@ %p\n' | sort -n | tail -n 1)
echo "${newest#* }"
# A line may have gigabytes.
tail -c 65536 -- "${newest#* }" | tail -n "$2"
