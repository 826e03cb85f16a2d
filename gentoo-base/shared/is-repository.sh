#!/bin/sh
# is_repository TREE: whether TREE is an ebuild repository: it has a name, in profiles/repo_name or as repo-name in
# metadata/layout.conf. The module container/tree.ts has the same rule for a tree without a running container.
is_repository() {
  [ -e "$1/profiles/repo_name" ] || has_name_in "$1/metadata/layout.conf"
}

# has_name_in LAYOUT: whether the last repo-name in LAYOUT has a character of a name. Portage takes Unicode's white space for white
# space; the lines end with LF, CR LF or CR.
has_name_in() {
  space='([[:space:]\x1c-\x1f]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)*'
  # The last line may have no end. Where there is no such locale, a name is of ASCII.
  { tr '\r' '\n' <"$1" && echo; } 2>/dev/null |
    LC_ALL=C sed -nE "s/^${space}repo-name${space}=//p" | tail -n 1 | LC_ALL=C.UTF-8 grep -qa '[[:alnum:]_]'
}
