#!/bin/sh
# compiler_of CHOST: prints the name of the C compiler of CHOST, or `cc` if there is none of that name.
compiler_of() {
  if command -v "$1-gcc" >/dev/null; then echo "$1-gcc"; else echo cc; fi
}
