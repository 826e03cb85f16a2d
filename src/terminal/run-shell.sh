#!/bin/sh
# run-shell STATE COLUMNS ROWS COMMAND...: runs COMMAND at a terminal and writes its exit status to the file STATE. A terminal
# without a size gets COLUMNS and ROWS. Signals of the terminal may end COMMAND, but not this program.
state=$1 columns=$2 rows=$3
shift 3
if [ -n "$columns" ] && [ "$(stty size)" = "0 0" ]; then
  stty cols "$columns" rows "$rows"
fi
trap : HUP INT QUIT TERM
"$@"
status=$?
{ mkdir -p "${state%/*}" && echo "$status" >"$state.new" && mv "$state.new" "$state"; } 2>/dev/null
exit "$status"
