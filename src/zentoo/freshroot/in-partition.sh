#!/bin/sh
# in-partition STORE BUILD SETTINGS ASK COMMAND...: sets PKGDIR to a partition of STORE, and replaces itself by COMMAND (exec).
# The program ASK prints the partition of Portage's present settings. SETTINGS is the partition of the settings at the shell's
# start. If both are equal, the settings were not changed, and PKGDIR is BUILD, the partition that a build uses. Otherwise
# PKGDIR is the partition that ASK printed. If PKGDIR is in the environment, the program does not change it.
store=$1 build=$2 settings=$3 ask=$4
shift 4
if [ -z "${PKGDIR+set}" ] && partition=$("$ask" 2>/dev/null) && [ -n "$partition" ]; then
  if [ "$partition" = "$settings" ]; then
    export PKGDIR="$store/$build"
  else
    export PKGDIR="$store/$partition"
    echo ">>> Portage's settings were changed: binary packages go to $PKGDIR" >&2
  fi
fi
exec "$@"
