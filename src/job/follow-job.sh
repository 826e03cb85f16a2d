#!/bin/sh
# follow-job STATE LOG OFFSET WATCH CGROUPS: prints LOG from byte OFFSET (counted from 1) on until the job ends. The end of standard
# input ends the program. Standard error gets:
# - a copy of standard input;
# - Portage's status every 0.4 s, if WATCH is not empty;
# - `usage RSS SHMEM PROCESSOR` every second and at the end, if there is a cgroup below CGROUPS;
# - `kills N` at the beginning and at the end, the processes that the kernel killed for lack of memory, if the cgroup counts them;
# - at the end, `result LINE` for each line of the result, then `ended STATUS SIZE`.
state=$1 log=$2 offset=$3 watch=$4 cgroups=$5
exec 3<&0 4>&2 </dev/null
tries=0
until [ -s "$state/pid" ] && [ -e "$log" ]; do
  [ "$((tries += 1))" -gt 500 ] && echo "ended unstarted 0" >&2 && exit 1
  sleep 0.02
done
{ cat <&3 >&2; kill 0; } &
if [ -n "$watch" ]; then
  while sleep 0.4; do
    for status in /run/portage/emerge-*.json; do
      [ -e "$status" ] && { tr -d '\n' <"$status"; echo; } >&4
    done
  done 2>/dev/null &
fi
find_usage "$cgroups"
print_kills >&2
if [ -n "$memory" ]; then
  while print_usage >&4 && sleep 1; do :; done 2>/dev/null &
fi
tail -s 0.02 --pid="$(cat "$state/pid")" -c "+$offset" -f "$log"
print_usage >&2
print_kills >&2
[ -e "$state/result" ] && sed 's/^/result /' "$state/result" >&2
[ -e "$state/status" ] && result=$(cat "$state/status") || result=lost
echo "ended $result $(stat -c %s "$log")" >&2
