#!/bin/sh
# measure-silence DIRECTORY: prints the number of seconds since any file below DIRECTORY was last written.
newest=$(find "$1" -type f -printf '%T@\n' | sort -n | tail -n 1)
echo "$(($(date +%s) - ${newest%.*}))"
