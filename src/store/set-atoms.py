"""Prints the atoms of a package set as Portage has it, those of the sets that it names included, sorted.

[{"atom": "cat/name", "installed": true, "matches": [{"cpv": "cat/name-1", "slot": "0", "repository": "gentoo"}]}, ...]
"""

import json
import sys

import portage
from portage._sets import load_default_config


def describe(cpv, slot, repository):
    name, _, subslot = slot.partition("/")
    return {"cpv": cpv, "slot": name if subslot in ("", name) else slot, "repository": repository}


def main(name):
    trees = portage.db[portage.settings["EROOT"]]
    installed = trees["vartree"].dbapi
    atoms = load_default_config(trees["vartree"].settings, trees).getSetAtoms(name)
    found = []
    for atom in atoms:
        matches = installed.match(atom)
        described = [describe(str(cpv), *installed.aux_get(cpv, ["SLOT", "repository"])) for cpv in matches]
        found.append({"atom": str(atom), "installed": bool(matches), "matches": described})
    print(json.dumps(sorted(found, key=lambda entry: entry["atom"])))


main(sys.argv[1])
