#!/bin/sh
# Runs when the root is assembled, before the image or archive is made. ZENTOO_ROOT is the directory of the root; it is
# empty unless the tuple is cross. The other hooks: buildmaster, compile, assemble.
set -eu
printf '%s\n' "$ZENTOO_TUPLE" >"${ZENTOO_ROOT-}/etc/zentoo-tuple"
