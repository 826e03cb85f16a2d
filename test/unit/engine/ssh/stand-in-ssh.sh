#!/bin/sh
# Stands in for ssh in `ssh-link.test.ts`. Of the directory STAND_IN: `calls` gets the arguments of each call, `holder` the process id of
# the program that asks for a master connection. `master` and `dial` are programs that such a call runs; a master connection whose
# program ends with 0 gets its control socket, of `ssh -S SOCKET`.
printf '%s\n' "$*" >>"$STAND_IN/calls"
case $* in
  *ControlMaster=yes*)
    echo "$PPID" >"$STAND_IN/holder"
    all=$*
    socket=${all#*-S }
    /bin/sh "$STAND_IN/master" && : >"${socket%% *}"
    ;;
  *) exec /bin/sh "$STAND_IN/dial" ;;
esac
