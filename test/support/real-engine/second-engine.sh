#!/bin/bash
# second-engine ROOT DIRECTORY SIZE COMMAND...: process 1 of separate namespaces. Mounts a tmpfs of SIZE at DIRECTORY/data, and runs COMMAND, an
# engine with its data there, as standard input says: start, stop, kill, "size SIZE" (the size of the tmpfs), "free KIBIBYTES" (the free space
# on the tmpfs). Prints the word when it is done; "start" does not wait until the engine answers. The engine ends with standard input. It is
# that of this machine, or that of the root file system ROOT if this is not empty.
root=$1 directory=$2 size=$3
shift 3
data=$directory/data

ip link set lo up
# Hides the sockets and process ids of the host's engine.
mount -t tmpfs -o mode=755 run /run || exit
mkdir -p "$data" || exit
mount -t tmpfs -o "size=$size,mode=711" data "$data" || exit
if [ -n "$root" ]; then
  # shellcheck source=test/engines/enter-root.sh
  . "$(dirname "$0")/../../engines/enter-root.sh"
  enter_root "$root" "$directory" || exit
fi

# An engine that starts must not find the containerd of one that was killed, which ends a moment later. bash reaps it, as process 1 must.
end() {
  [ -z "$watcher" ] || kill "$watcher"
  watcher=
  [ -z "$engine" ] || { kill "-$1" "$engine" && wait "$engine"; } 2>/dev/null
  engine=
  containerd=$(cat /run/docker/containerd/containerd.pid 2>/dev/null)
  [ -z "$containerd" ] || tail --pid="$containerd" --sleep-interval=0.05 --follow /dev/null
}

engine=
watcher=
echo ready
while read -r order value; do
  case $order in
  start)
    "$@" </dev/null >&2 &
    engine=$!
    { tail --pid="$engine" --sleep-interval=0.2 --follow /dev/null && echo 'second-engine: the engine ended by itself' >&2; } &
    watcher=$!
    ;;
  stop) end TERM ;;
  kill) end KILL ;;
  size) mount -o "remount,size=$value" "$data" ;;
  free)
    used=$(df --output=used -k "$data" | tail -n 1)
    mount -o "remount,size=$((used + value))k" "$data"
    ;;
  esac
  echo "$order"
done
end TERM
