"""dependencies PACKAGE...: prints which packages of a merge list must be merged before which others, and what identifies their inputs.

PACKAGE is {"cpv", "slot", "repository", "root", "compiled", "use": [...]}: the slot with its sub-slot, and the flags that emerge shows as
enabled; flags that emerge does not show, such as `kernel_linux` and `elibc_glibc`, come from the profile. The output has, for each
package, the positions of its dependencies, and a digest of its inputs: {"needs": [[1, 2], [], ...], "inputs": ["0123...", "", ...]}.

Run-time dependencies always count, and build-time dependencies if the package is compiled. Behind an installed package that is not
merged again, its own run-time dependencies count, because emerge updates them as well: those of its record, and those of its ebuild in
the tree, which emerge follows (--dynamic-deps). Of alternatives, all count that are on the list.

The inputs of a package are its sources (see sources.py), the versions and flags of everything that it needs to be compiled and that
this needs to run, and the compilers. Whether a dependency is compiled makes no difference. The digest is empty if the package is not
compiled, or if its sources are not known.
"""

import functools
import json
import sys

import portage
from portage.dep import Atom, match_from_list, use_reduce
from portage.versions import _pkg_str
from sources import digest, digest_sources

BUILD = ("DEPEND", "BDEPEND")
RUN = ("RDEPEND", "PDEPEND", "IDEPEND")
COMPILERS = ("sys-devel/binutils", "sys-devel/gcc", "sys-libs/glibc", "sys-libs/musl", "llvm-core/clang")

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
    """The roots in which a dependency may be. Before EAPI 7, build dependencies were looked up on the host."""
    if kind in ("BDEPEND", "IDEPEND"):
        return {host}
    return {root, host} if kind == "DEPEND" else {root}


def find(atom, root):
    """The positions of listed packages in that root that match the atom."""
    candidates = listed.get((root, atom.cp), [])
    fitting = match_from_list(atom.without_use, [name for name, _ in candidates])
    return {position for name, position in candidates if name in fitting}


behind = {}


def step(root, cpv):
    """The run-time dependencies of an installed package: positions, and other installed packages."""
    if (root, cpv) not in behind:
        installed = portage.db[root]["vartree"].dbapi
        *texts, use, eapi, repository = installed.aux_get(cpv, [*RUN, "USE", "EAPI", "repository"])
        recorded = resolve(zip(RUN, texts), root, use.split(), eapi)
        current = resolve_ebuild(cpv, repository, root, use.split())
        behind[root, cpv] = recorded[0] | current[0], recorded[1] | current[1]
    return behind[root, cpv]


def resolve_ebuild(cpv, repository, root, use):
    """The run-time dependencies that the tree's ebuild of an installed package has now."""
    trees = portage.db[root if root in portage.db else target]
    try:
        *texts, eapi = trees["porttree"].dbapi.aux_get(cpv, [*RUN, "EAPI"], myrepo=repository or None)
    except (KeyError, portage.exception.PortageException):
        return set(), set()
    if not portage.eapi_is_supported(eapi):
        return set(), set()
    return resolve(zip(RUN, texts), root, use, eapi)


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


def walk(positions, others):
    """Adds what installed packages need to run: the positions, and all installed packages on the way."""
    needed, seen, waiting = set(positions), set(), set(others)
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            further, others = step(*other)
            needed |= further
            waiting |= others
    return needed, seen


@functools.cache
def direct(position, kinds):
    """The listed and the installed packages that a listed package needs by dependencies of these kinds."""
    package = packages[position]
    *texts, iuse, eapi = read(package, [*kinds, "IUSE", "EAPI"])
    return walk(*resolve(zip(kinds, texts), place_of(package), use_of(package, iuse), eapi))


def needs_of(position):
    kinds = (*BUILD, *RUN) if packages[position]["compiled"] else RUN
    return sorted(direct(position, kinds)[0] - {position})


def describe_installed(root, cpv):
    return [root, cpv, *sorted(portage.db[root]["vartree"].dbapi.aux_get(cpv, ["USE"])[0].split())]


def dependencies_of(position):
    """Everything that a package needs to be compiled, and that this needs to run: root, version and flags of each."""
    waiting, installed = direct(position, (*BUILD, *RUN))
    waiting, installed, seen = waiting - {position}, set(installed), {position}
    while waiting:
        other = waiting.pop()
        seen.add(other)
        further, others = direct(other, RUN)
        waiting |= further - seen
        installed |= others
    listed = [packages[other] for other in seen - {position}]
    own = [[place_of(one), one["cpv"], one["repository"], *sorted(one["use"])] for one in listed]
    return sorted(own), sorted(describe_installed(*one) for one in installed)


def compilers():
    installed = portage.db[host]["vartree"].dbapi
    return sorted(str(cpv) for name in COMPILERS for cpv in installed.match(name))


def inputs_of(position):
    package = packages[position]
    if not package["compiled"]:
        return ""
    root = place_of(package)
    ebuilds = portage.db[root if root in portage.db else target]["porttree"].dbapi
    sources = digest_sources(ebuilds, package["cpv"], package["repository"] or None)
    return sources and digest([sources, *dependencies_of(position), compilers()])


positions = range(len(packages))
print(json.dumps({"needs": [needs_of(at) for at in positions], "inputs": [inputs_of(at) for at in positions]}))
