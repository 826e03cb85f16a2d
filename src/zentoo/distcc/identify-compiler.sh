#!/bin/sh
# identify-compiler CHOST: prints the first line of each compiler's version, and the digests of all programs that a compilation
# runs. Wrappers of distcc and ccache are passed over.
chost=$1
PATH=$(printf %s "$PATH" | tr : '\n' | grep -Ev '/(distcc|ccache)/' | paste -sd :)
for name in gcc g++ clang clang++; do
  compiler=$(command -v "$chost-$name") || compiler=$(command -v "$name") || continue
  "$compiler" --version | head -n 1
  sha256sum <"$compiler"
  for part in cc1 cc1plus as; do
    program=$(command -v "$("$compiler" -print-prog-name=$part)") && sha256sum <"$program"
  done
done
