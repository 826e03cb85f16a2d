#!/bin/bash
# ssh-server DIRECTORY ENGINE COMMAND...: process 1 of separate namespaces. Binds the socket ENGINE to DIRECTORY/engine, and runs COMMAND, a
# server of OpenSSH. Standard input says: cut (no packet arrives any more, and no connection ends), drop (each connection of SSH ends). The
# server ends with standard input, and the program ends with the server.
directory=$1 engine=$2
shift 2

ip link set lo up
: >"$directory/engine"
mount --bind "$engine" "$directory/engine" || exit
# The server wants a user and a directory that only the installed package makes.
mount -t tmpfs -o mode=755 run /run && mkdir /run/sshd || exit
if ! grep -q ^sshd: /etc/passwd; then
  { cat /etc/passwd && echo 'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin'; } >"$directory/passwd" || exit
  mount --bind "$directory/passwd" /etc/passwd || exit
fi

trap 'exit 1' TERM
{
  "$@" </dev/null >&2
  kill -TERM "$$"
} &
while read -r order; do
  case $order in
  cut) ip link set lo down ;;
  drop) pkill -KILL -P "$(pgrep -o -x sshd)" ;;
  esac
  echo "$order"
done
