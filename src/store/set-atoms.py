"""Prints the atoms of a package set as Portage has it, those of the sets that it names included, sorted.

[{"atom": "cat/name", "installed": true}, ...]
"""

import json
import sys

import portage
from portage._sets import load_default_config


def main(name):
    trees = portage.db[portage.settings["EROOT"]]
    installed = trees["vartree"].dbapi
    atoms = load_default_config(trees["vartree"].settings, trees).getSetAtoms(name)
    found = [{"atom": str(atom), "installed": bool(installed.match(atom))} for atom in atoms]
    print(json.dumps(sorted(found, key=lambda entry: entry["atom"])))


main(sys.argv[1])
