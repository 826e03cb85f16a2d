#!/bin/sh
# ask-compiler CHOST OPTION...: runs the C compiler of CHOST, in English, with both streams on standard output. Needs
# find-compiler.sh.
compiler=$(compiler_of "$1")
shift
export LC_ALL=C
exec "$compiler" "$@" </dev/null 2>&1
