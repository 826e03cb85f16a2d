#!/bin/sh
# stamp TREE: prints a digest that differs after every sync that changes TREE. It is the digest of git's references or, if TREE
# comes from rsync or a snapshot, of metadata/timestamp.chk. It prints nothing if TREE has neither, or if git keeps the
# references in reftables. The module container/tree-stamp.ts computes the same digest without a running container.
stamp() {
  [ -e "$1/.git/reftable" ] || {
    cat "$1/.git/HEAD" "$1/.git/packed-refs"
    find "$1/.git/refs/heads" -type f -print0 | LC_ALL=C sort -z | xargs -0 -r cat
    cat "$1/metadata/timestamp.chk"
  } 2>/dev/null | sha256sum | sed '/^e3b0c44298fc1c149afbf4c8996fb924/d; s/ .*//'
}
