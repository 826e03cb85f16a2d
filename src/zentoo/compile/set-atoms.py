"""set-atoms NAME: prints as JSON the atoms of a package set, sorted, the atoms of the sets that it names included.

[{"atom": ">=cat/name-1:0", "package": "cat/name:0", "installed": true,
  "matches": [{"cpv": "cat/name-1", "slot": "0", "repository": "gentoo"}]}, ...]
"""

import json
import sys

import portage
from portage._sets import load_default_config
from portage.exception import PackageSetNotFound


def describe(cpv, slot, repository):
    name, _, subslot = slot.partition("/")
    return {"cpv": cpv, "slot": name if subslot in ("", name) else slot, "repository": repository}


def main(name):
    trees = portage.db[portage.settings["EROOT"]]
    installed = trees["vartree"].dbapi
    try:
        atoms = load_default_config(trees["vartree"].settings, trees).getSetAtoms(name)
    except PackageSetNotFound as unknown:
        sys.exit(f"there is no set @{unknown.value}")
    found = []
    for atom in atoms:
        matches = installed.match(atom)
        described = [describe(str(cpv), *installed.aux_get(cpv, ["SLOT", "repository"])) for cpv in matches]
        package = atom.cp + (f":{atom.slot}" if atom.slot else "")
        found.append({"atom": str(atom), "package": package, "installed": bool(matches), "matches": described})
    print(json.dumps(sorted(found, key=lambda entry: entry["atom"])))


main(sys.argv[1])
