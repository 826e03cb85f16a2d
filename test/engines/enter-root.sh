# shellcheck shell=sh
# enter_root ROOT SHARED... [-- ...]: makes ROOT the root file system of this process, which has a mount namespace of its own. The shared directories
# and files of the host are at the same paths there: an engine resolves what is bound into a container in its own root.
enter_root() {
  mount --bind "$1" "$1"
  cd "$1" || return
  shift
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
  for path; do
    [ "$path" != -- ] || break
    if [ -d "$path" ]; then
      mkdir -p ".$path"
    elif [ ! -e ".$path" ]; then
      mkdir -p ".${path%/*}"
      : >".$path"
    fi
    mount --rbind "$path" ".$path"
  done
  pivot_root . mnt
  cd /
  umount --lazy /mnt
}
