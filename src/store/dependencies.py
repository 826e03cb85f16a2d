"""dependencies PACKAGE...: prints which of the packages that emerge would merge need which others to be there first.

PACKAGE is {"cpv", "slot", "repository", "root", "compiled", "use": [...]}, the slot with its sub-slot, the flags those that emerge says
are on: what it does not say, such as `kernel_linux` and `elibc_glibc`, is the profile's. Printed is a list for each of them, of
the positions of the others: [[1, 2], [], ...]. What is compiled needs what it is built with; all need what they run with.
Where that is installed and is not merged again, what it runs with in its turn is meant, as emerge brings that up to date as well.
Of alternatives all count that are merged.
"""

import json
import sys

import portage
from portage.dep import Atom, match_from_list, use_reduce
from portage.versions import _pkg_str

BUILD = ("DEPEND", "BDEPEND")
RUN = ("RDEPEND", "PDEPEND", "IDEPEND")

packages = [json.loads(word) for word in sys.argv[1:]]
target = portage.settings["EROOT"]
host = portage.settings["BROOT"].rstrip("/") + "/"


def place_of(package):
    return package["root"].rstrip("/") + "/"


listed = {}
for position, package in enumerate(packages):
    name = _pkg_str(package["cpv"], slot=package["slot"], repo=package["repository"] or None)
    listed.setdefault((place_of(package), name.cp), []).append((name, position))


def read(package, keys):
    root, cpv = place_of(package), package["cpv"]
    trees = portage.db[root if root in portage.db else target]
    for kind in ("porttree", "bintree"):
        try:
            return trees[kind].dbapi.aux_get(cpv, list(keys), myrepo=package["repository"] or None)
        except KeyError:
            continue
    return [""] * len(keys)


def atoms_of(text, use, eapi):
    reduced = use_reduce(text, uselist=use, eapi=eapi, flat=True, token_class=Atom)
    return [word for word in reduced if isinstance(word, Atom) and not word.blocker]


def roots_of(kind, root):
    """Where a dependency may be; before EAPI 7 what is needed to build was looked for on the host."""
    if kind in ("BDEPEND", "IDEPEND"):
        return {host}
    return {root, host} if kind == "DEPEND" else {root}


def find(atom, root):
    """Positions of what is merged there and fits."""
    candidates = listed.get((root, atom.cp), [])
    fitting = match_from_list(atom.without_use, [name for name, _ in candidates])
    return {position for name, position in candidates if name in fitting}


behind = {}


def step(root, cpv):
    """What an installed package runs with: positions, and other installed packages."""
    if (root, cpv) not in behind:
        installed = portage.db[root]["vartree"].dbapi
        *texts, use, eapi = installed.aux_get(cpv, [*RUN, "USE", "EAPI"])
        behind[root, cpv] = resolve(zip(RUN, texts), root, use.split(), eapi)
    return behind[root, cpv]


def resolve(texts, root, use, eapi):
    positions, others = set(), set()
    for kind, text in texts:
        for atom in atoms_of(text, use, eapi):
            for place in roots_of(kind, root):
                found = find(atom, place)
                positions |= found
                if not found and place in portage.db:
                    others |= {(place, str(cpv)) for cpv in portage.db[place]["vartree"].dbapi.match(atom)[-1:]}
    return positions, others


def use_of(package, iuse):
    own = {flag.lstrip("+-") for flag in iuse.split()}
    root = place_of(package)
    usual = portage.db[root if root in portage.db else target]["vartree"].settings["USE"].split()
    return [*package["use"], *(flag for flag in usual if flag not in own)]


def needs_of(position, package):
    kinds = (*BUILD, *RUN) if package["compiled"] else RUN
    *texts, iuse, eapi = read(package, [*kinds, "IUSE", "EAPI"])
    needed, waiting = resolve(zip(kinds, texts), place_of(package), use_of(package, iuse), eapi)
    seen = set()
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            positions, others = step(*other)
            needed = needed | positions
            waiting |= others
    return sorted(needed - {position})


print(json.dumps([needs_of(position, package) for position, package in enumerate(packages)]))
