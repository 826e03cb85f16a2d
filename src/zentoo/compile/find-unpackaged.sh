#!/bin/sh
# find-unpackaged PKGDIR CATEGORY/NAME-VERSION...: prints `=CATEGORY/NAME-VERSION` for each package that has no binary package
# of any format in PKGDIR.
cd "$1" || exit
shift
for cpv; do
  name=${cpv#*/}
  set -- "${cpv%/*}"/*/"$name"-[0-9]*.gpkg.tar "${cpv%/*}"/*/"$name"-[0-9]*.xpak "$cpv".tbz2 "$cpv".gpkg.tar "$cpv".xpak
  for file; do [ -s "$file" ] && continue 2; done
  printf '=%s\n' "$cpv"
done
