#!/bin/sh
# serve-files CONFIGURATION COMMAND...: starts nginx in the background, and then runs COMMAND, with which the container ends.
nginx -e stderr -c "$1" || exit
shift
exec "$@"
