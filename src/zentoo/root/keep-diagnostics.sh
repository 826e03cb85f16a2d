#!/bin/sh
# keep-diagnostics WORK LOGS: writes the output of `emerge --info` to the directory LOGS. Copies to LOGS the environment and
# every config.log of each package that was being built in the directory WORK. Prints the names of the files.
work=$1 logs=$2
emerge --ignore-default-opts --info --color=n >"$logs/emerge-info.txt" 2>&1
echo emerge-info.txt
for directory in "$work"/*/*/temp "$work"/.gentoo-builder/big/portage/*/*/temp; do
  [ -e "$directory/environment" ] || continue
  package=${directory%/temp}
  category=${package%/*}
  name=${category##*/}_${package##*/}
  mkdir -p "$logs/$name"
  cp "$directory/environment" "$logs/$name/" && echo "$name/environment"
  find "$package/work" -name config.log -type f 2>/dev/null | head -n 20 | while read -r file; do
    kept=$(echo "${file#"$package/work/"}" | tr / _)
    cp "$file" "$logs/$name/$kept" && echo "$name/$kept"
  done
done
