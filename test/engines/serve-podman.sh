#!/bin/bash
# Serves Podman at SOCKET. LINK, the default place of Docker's socket, leads there: containers have it mounted from that place.
# usage: serve-podman.sh SOCKET LINK
set -eu

# For a build, Podman would raise limits above those of this process, which not every root may do.
files=$(ulimit -Hn) processes=$(ulimit -Hu)
mkdir -p /etc/containers/containers.conf.d
cat >/etc/containers/containers.conf.d/limits.conf <<CONF
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=$processes:$processes"]
CONF

ln -s "$1" "$2"
# Neither systemd nor a journal is there.
exec podman --cgroup-manager=cgroupfs --events-backend=file system service --time=0 "unix://$1"
