#!/bin/sh
# run-job STATE LOG COMMAND...: runs COMMAND with its output in the file LOG, and writes its exit status to STATE/status. If
# the directory STATE exists, the job was started before, and nothing happens. COMMAND writes its result to descriptor 8.
# The status gets its space before the job: the work volume may be full at the end.
state=$1 log=$2
shift 2
[ -e "$state" ] && exit
mkdir -p "${state%/*}" "${log%/*}" && mkdir "$state" && printf '\n\n\n\n' >"$state/status.new" && echo "$$" >"$state/pid" || exit 1
"$@" </dev/null >>"$log" 2>&1 8>"$state/result"
echo "$?" 1<>"$state/status.new" && mv "$state/status.new" "$state/status"
