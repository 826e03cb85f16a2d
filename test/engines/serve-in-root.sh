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

mount --bind "$root" "$root"
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o nosuid,nodev,noexec sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
# A host whose control groups are of both versions: crun refuses to start containers there, unless it sees the older one only.
if mountpoint -q sys/fs/cgroup/unified; then
  umount sys/fs/cgroup/unified
fi
mount -t tmpfs -o nosuid,noexec,mode=755 dev dev
for device in null zero full random urandom tty; do
  cp -a "/dev/$device" dev/
done
mkdir dev/pts dev/shm
mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o nosuid,nodev,mode=755 run run
mount -t tmpfs -o nosuid,nodev,mode=1777 tmp tmp
# At the same paths as outside: an engine resolves what is bound into a container in its own root.
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then
    mkdir -p ".$1"
  elif [ ! -e ".$1" ]; then
    mkdir -p ".${1%/*}"
    : >".$1"
  fi
  mount --rbind "$1" ".$1"
  shift
done
shift

pivot_root . mnt
cd /
umount --lazy /mnt

exec 3<&0
"$@" </dev/null 3<&- &
engine=$!
{
  cat <&3 >/dev/null
  kill "$engine"
} &
wait "$engine"
