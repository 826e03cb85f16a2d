#!/bin/sh
# is_repository TREE: whether TREE is an ebuild repository: it has a name, in profiles/repo_name or as repo-name in
# metadata/layout.conf. The module container/tree.ts has the same rule for a tree without a running container.
is_repository() {
  [ -e "$1/profiles/repo_name" ] ||
    grep -q '^[[:space:]]*repo-name[[:space:]]*=[[:space:]]*[^[:space:]]' "$1/metadata/layout.conf" 2>/dev/null
}
