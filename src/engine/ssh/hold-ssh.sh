#!/bin/sh
# hold-ssh DIRECTORY ARGUMENT...: makes a master connection of ssh with the control socket DIRECTORY/master, prints "ready", and makes it again
# for each line of standard input, which it answers with "ready" or "failed". Ends it when standard input ends: with the program that
# started this, however that ends. Then removes DIRECTORY. If there is no first connection, the exit status is that of ssh, or 127 if
# there is no ssh.
directory=$1
shift
# The program may have ended while ssh logged in: nobody reads "ready" then, and the master connection has to end all the same.
trap : PIPE
status=0
if ssh -f -N "$@" </dev/null; then
  echo ready
  while read -r _; do
    # ssh does not share a connection whose socket is there already.
    rm -f "$directory/master"
    ssh -o ConnectTimeout=5 -f -N "$@" </dev/null && echo ready || echo failed
  done
  ssh -F none -S "$directory/master" -O exit master 2>/dev/null
else
  status=$?
fi
rm -rf "$directory"
exit "$status"
