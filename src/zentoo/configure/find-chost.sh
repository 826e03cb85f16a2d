#!/bin/sh
# Prints a number and the CHOST of most installed packages; in a root without packages, the CHOST of Portage's settings.
most=$(cat /var/db/pkg/*/*/CHOST 2>/dev/null | sort | uniq -c | sort -rn | head -n 1)
echo "${most:-1 $(portageq envvar CHOST)}"
