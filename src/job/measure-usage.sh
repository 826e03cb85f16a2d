#!/bin/sh
# Defines the functions that measure the container's cgroup, of version 1 or 2, without starting a process.

# find_usage CGROUPS: finds the files to read below CGROUPS, the directory where the cgroup file systems are mounted.
find_usage() {
  memory='' processor='' own=''
  for found in "$1/cpuacct/cpuacct.usage" "$1/cpu,cpuacct/cpuacct.usage"; do
    [ -r "$1/memory/memory.stat" ] && [ -r "$found" ] && memory=$1/memory/memory.stat processor=$found && return
  done
  # A container without a separate cgroup namespace sees the cgroups of the whole machine.
  while read -r line; do
    case $line in 0::*) own=$1${line#0::} ;; esac
  done <"${2:-/proc/self/cgroup}"
  [ -r "${own:=$1}/memory.stat" ] && [ -r "$own/cpu.stat" ] && memory=$own/memory.stat processor=$own/cpu.stat
}

# print_usage: prints `usage RSS SHMEM PROCESSOR`, bytes and microseconds; nothing if find_usage found no files.
print_usage() {
  [ -n "$memory" ] || return 0
  rss=0 shmem=0 used=0
  while read -r key value; do
    case $key in
      anon | total_rss) rss=$value ;;
      shmem | total_shmem) shmem=$value ;;
    esac
  done <"$memory"
  case $processor in
    */cpuacct.usage) read -r used <"$processor" && used=$((used / 1000)) ;;
    *) while read -r key value; do [ "$key" = usage_usec ] && used=$value && break; done <"$processor" ;;
  esac
  echo "usage $rss $shmem $used"
}

# print_kills: prints `kills N`, the number of processes that the kernel killed because memory was short; nothing if it is not known.
print_kills() {
  [ -n "$memory" ] || return 0
  for counters in "${memory%/*}/memory.events" "${memory%/*}/memory.oom_control"; do
    [ -r "$counters" ] || continue
    while read -r key value; do
      [ "$key" != oom_kill ] || echo "kills $value"
    done <"$counters"
  done
}
