#!/bin/sh
# launch.sh PROGRAM ARGUMENT...: sets the machine up as far as PROGRAM (gentoo-builder, zentoo or freshroot) needs it, then
# becomes PROGRAM in the current directory. ./gentoo-builder, ./zentoo and ./freshroot call it.
set -eu

program=$1
shift
setup=$(dirname "$0")

if ! command -v node >/dev/null; then
  echo "failed to start $program: there is no node on the path" >&2
  echo "hint: install Node 20 or later with npm, or run $program from its image: see README.md" >&2
  exit 127
fi
# An npm script that calls a launcher may have changed the directory since npm set this variable.
unset INIT_CWD

case $program in
  gentoo-builder) exec node "$setup/start.js" "$@" ;;
  freshroot) set -- freshroot "$@" ;;
esac
# The shell becomes zentoo, so that no other process stands between the terminal and a freshroot.
node=$(node "$setup/prepare-node.js" "$@") || exit
# Only a container of the engine reaches the nodes of its swarm.
[ "$node" != container ] || exec node "$setup/start-in-container.js" "$@"
exec "$node" "$setup/../src/zentoo.ts" "$@"
