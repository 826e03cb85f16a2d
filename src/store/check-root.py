"""check-root missing|installed|closure PKGDIR [ATOM|@SET...] [-- CPV=BUILD_TIME...]: compares a root with a directory of binary
packages and prints JSON.

missing    [{"atom", "for"}, ...]: requested atoms without a package, and run-time dependencies of them or of @system that are neither
           packaged nor installed
installed  [{"atom", "cpv", "why"}, ...]: requested atoms that are not installed from one of the packages
closure    ["category/name-version", ...]: installed packages without a binary package, among the requested ones and the run-time
           dependencies of them and of @system. A dependency that the stage has in the same build is left out: CPV=BUILD_TIME names
           each package of the stage. Without a request, all installed packages that the stage does not have

The program writes nothing. Portage resolves sets and matches dependencies.
"""

import json
import os
import sys

# Portage reads both variables when it is imported. With pkgdir-index-trusted it only reads the index, and writes nothing. Nobody
# signs the packages of the store.
os.environ["PKGDIR"] = sys.argv[2]
os.environ["FEATURES"] = os.environ.get("FEATURES", "") + " pkgdir-index-trusted -binpkg-request-signature"

import portage
from portage._sets import load_default_config
from portage.dbapi.dep_expand import dep_expand
from portage.dep import Atom, match_from_list, use_reduce
from portage.versions import best

command, _, *words = sys.argv[1:]
split = words.index("--") if "--" in words else len(words)
asked, stage = words[:split], dict(word.rsplit("=", 1) for word in words[split + 1 :])

settings = portage.settings
trees = portage.db[settings["EROOT"]]
installed = trees["vartree"].dbapi
packages = trees["bintree"].dbapi
RUNTIME = ("RDEPEND", "PDEPEND", "IDEPEND")


def expand(words):
    sets = None
    for word in words:
        if not word.startswith("@"):
            yield dep_expand(word, mydb=trees["porttree"].dbapi, settings=settings)
            continue
        if sets is None:
            sets = load_default_config(settings, trees)
        if word[1:] not in sets.getSets():
            sys.exit(f"there is no set {word}")
        yield from sorted(sets.getSetAtoms(word[1:]), key=str)


def is_provided(atom):
    return bool(match_from_list(atom, settings.pprovideddict.get(atom.cp, [])))


def match_packages(atom):
    """The binary packages of an accepted CHOST."""
    accepted = settings.get("ACCEPT_CHOSTS", "").split() or [settings["CHOST"]]
    found = packages.match(atom)
    return [cpv for cpv in found if packages.aux_get(cpv, ["CHOST"])[0] in ("", *accepted)]


def is_packaged(cpv):
    """Whether the store has this build: the same BUILD_TIME; build ids differ between copies of one build."""
    wanted = installed.aux_get(cpv, ["BUILD_TIME"])[0]
    return wanted != "" and any(packages.aux_get(package, ["BUILD_TIME"])[0] == wanted for package in packages.match(f"={cpv}"))


def dependencies(db, cpv):
    *texts, use, eapi = db.aux_get(cpv, [*RUNTIME, "USE", "EAPI"])
    for text in texts:
        yield from use_reduce(text, uselist=use.split(), eapi=eapi, opconvert=True, token_class=Atom)


def walk(tree, match):
    """The atoms of a dependency. Of several alternatives, all that are satisfied completely; if none is, the first."""
    for node in tree:
        if isinstance(node, list):
            if node and node[0] == "||":
                choices = [list(walk([choice], match)) for choice in node[1:]]
                there = [choice for choice in choices if all(match(atom) for atom in choice)]
                for choice in there or choices[:1]:
                    yield from choice
            else:
                yield from walk(node, match)
        elif not node.blocker:
            yield node


def find_missing():
    missing, seen = [], set()
    asked_for = [(atom, "", False) for atom in expand(asked)]
    waiting = asked_for + [(atom, "@system", True) for atom in expand(["@system"])]

    def is_there(atom):
        return bool(is_provided(atom) or match_packages(atom) or installed.match(atom))

    while waiting:
        atom, needed_by, may_be_there = waiting.pop(0)
        if is_provided(atom):
            continue
        found = match_packages(atom)
        if not found:
            if not (may_be_there and installed.match(atom)) and atom not in seen:
                missing.append({"atom": str(atom), "for": needed_by})
                seen.add(atom)
            continue
        cpv = best(found)
        if cpv not in seen:
            seen.add(cpv)
            waiting += [(atom, str(cpv), True) for atom in walk(dependencies(packages, cpv), is_there)]
    return missing


def check_installed():
    wrong = []
    for atom in expand(asked):
        if is_provided(atom):
            continue
        cpv = best(installed.match(atom))
        if not cpv:
            wrong.append({"atom": str(atom), "cpv": None, "why": "it is not installed"})
        elif not is_packaged(cpv):
            build_id = installed.aux_get(cpv, ["BUILD_ID"])[0]
            ids = sorted(packages.aux_get(package, ["BUILD_ID"])[0] for package in packages.match(f"={cpv}"))
            has = f"the store has the builds {', '.join(ids)}" if ids else "the store has no package of it"
            build = f"build {build_id}" if build_id else "it"
            wrong.append({"atom": str(atom), "cpv": str(cpv), "why": f"{build} is not from the store: {has}"})
    return wrong


def find_closure():
    needed = {}
    waiting = [(cpv, True) for atom in expand(asked) for cpv in installed.match(atom)]
    waiting += [(cpv, False) for atom in expand(["@system"]) for cpv in installed.match(atom)]
    if not asked:
        waiting = [(cpv, False) for cpv in installed.cpv_all()]
    while waiting:
        cpv, is_asked = waiting.pop()
        if str(cpv) in needed:
            needed[str(cpv)] |= is_asked
            continue
        needed[str(cpv)] = is_asked
        for atom in walk(dependencies(installed, cpv), installed.match):
            waiting += [(match, False) for match in installed.match(atom)]
    return sorted(
        cpv
        for cpv, is_asked in needed.items()
        if (is_asked or stage.get(cpv) != installed.aux_get(cpv, ["BUILD_TIME"])[0]) and not is_packaged(cpv)
    )


answer = {"missing": find_missing, "installed": check_installed, "closure": find_closure}[command]()
print(json.dumps(answer))
