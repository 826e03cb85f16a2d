#!/bin/sh
# find-tool PROGRAM: succeeds if PROGRAM is in the search path.
command -v "$1"
