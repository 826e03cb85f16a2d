# shellcheck shell=bash
# A shell in a fresh root reads this file when it starts. It reads the files of a login and puts the programs
# beside this file first in PATH. The programs are functions as well, because another `source /etc/profile` sets PATH again.
for file in /etc/profile ~/.bashrc; do
  # shellcheck source=/dev/null
  [ -r "$file" ] && . "$file"
done
unset file
ZENTOO_PROGRAMS=$(cd "${BASH_SOURCE[0]%/*}/bin" && pwd)
PATH=$ZENTOO_PROGRAMS:$PATH
emerge() { "$ZENTOO_PROGRAMS/emerge" "$@"; }
ebuild() { "$ZENTOO_PROGRAMS/ebuild" "$@"; }
