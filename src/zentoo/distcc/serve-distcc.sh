#!/bin/sh
# serve-distcc LOG SLOTS OPTION...: replaces itself by distccd (exec), which runs SLOTS compilers at once, and only compilers of
# /usr/bin.
log=$1 slots=$2
shift 2
list=/etc/zentoo-distcc-compilers
for name in gcc g++ cc c++ clang clang++; do
  for path in "/usr/bin/$name" /usr/bin/*-"$name"; do
    [ -x "$path" ] && echo "$path"
  done
done >"$list"
export DISTCC_CMDLIST="$list"
exec distccd --no-detach --daemon --user nobody --jobs "$slots" --log-stderr --log-level notice "$@" 2>>"$log"
