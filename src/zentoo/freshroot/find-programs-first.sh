#!/bin/sh
# find-programs-first DIRECTORY COMMAND...: replaces itself by COMMAND (exec), with DIRECTORY first in the search path.
PATH=$1:$PATH
export PATH
shift
exec "$@"
