#!/bin/sh
# describe-cpu CHOST OPTION...: prints /proc/cpuinfo, a zero byte, and the macros that the C compiler of CHOST defines with each
# OPTION. Needs find-compiler.sh.
compiler=$(compiler_of "$1")
shift
cat /proc/cpuinfo
printf '\0'
"$compiler" "$@" -dM -E -x c /dev/null
