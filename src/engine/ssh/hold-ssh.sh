#!/bin/sh
# hold-ssh DIRECTORY ARGUMENT...: makes a master connection of ssh with the control socket DIRECTORY/master, prints "ready", and ends it when
# standard input ends: with the program that started this, however that ends. Then removes DIRECTORY. If there is no connection, the exit
# status is that of ssh, or 127 if there is no ssh.
directory=$1
shift
status=0
if ssh -f -N "$@" </dev/null; then
  echo ready
  cat >/dev/null
  ssh -F none -S "$directory/master" -O exit master 2>/dev/null
else
  status=$?
fi
rm -rf "$directory"
exit "$status"
