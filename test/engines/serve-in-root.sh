#!/bin/sh
# Process 1 of separate namespaces: makes ROOT the root file system and runs an engine there for as long as standard
# input is open. Prints a line when its network namespace is there, and waits for one that says that eth0 is in it.
# usage: serve-in-root.sh ROOT ADDRESS GATEWAY SHARED... -- COMMAND...
set -eu
root=$1 address=$2 gateway=$3
shift 3

echo ready
read -r _

ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
ip route add default via "$gateway"
echo gentoo-builder-engine >/proc/sys/kernel/hostname

# shellcheck source=test/engines/enter-root.sh
. "$(dirname "$0")/enter-root.sh"
enter_root "$root" "$@"
while [ "$1" != -- ]; do shift; done
shift

exec 3<&0
"$@" </dev/null 3<&- &
engine=$!
{
  cat <&3 >/dev/null
  kill "$engine"
} &
wait "$engine"
