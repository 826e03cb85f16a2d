#!/bin/sh
# split_locale: makes the messages of emerge and of compilers English, and keeps the rest of the locale of packages. LC_ALL would
# override LC_MESSAGES, and Portage itself replaces LC_ALL by the LC_* variables (split_LC_ALL in portage/util/locale.py). So the
# value of LC_ALL goes into the other variables, and LC_ALL and LANGUAGE become empty.
split_locale() {
  locale=''
  # portageq takes about a second: it is asked only if something may set LC_ALL. A sourced file may be anywhere.
  if [ -n "${LC_ALL-}" ] ||
    grep -RqsE 'LC_ALL|^[[:space:]]*source[[:space:]]' "${PORTAGE_CONFIGROOT-}/etc/portage" "${PORTAGE_CONFIGROOT-}/etc/profile.env"; then
    locale=$(portageq envvar LC_ALL)
  fi
  if [ -n "$locale" ]; then
    for category in COLLATE CTYPE MONETARY NUMERIC TIME ADDRESS IDENTIFICATION MEASUREMENT NAME PAPER TELEPHONE; do
      export "LC_$category=$locale"
    done
  fi
  export LC_ALL='' LANGUAGE=''
}
