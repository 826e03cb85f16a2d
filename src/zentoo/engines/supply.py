"""supply PKGDIR BESIDE served|copied DEPENDENCIES PACKAGES: prints as JSON what another engine needs to compile packages.

{"index": text, "packages": [path, ...], "sources": [name, ...], "absent": [name, ...], "frozen": bool}

DEPENDENCIES is a JSON list of versions (category/name-version), PACKAGES one of {"cpv", "repository"}. `index` is the index of PKGDIR
with the binary packages of these dependencies alone, whose files are below BESIDE there; `packages` are their paths below PKGDIR.
If they are served and this Portage knows frozen indexes (`frozen`), the paths in `index` are those below PKGDIR as well.
`sources` are the files in DISTDIR that a package may need with any USE flags, `absent` those that are not there.
"""

import json
import os
import sys

import portage
from portage.exception import PortageException

pkgdir, beside, dependencies, packages = sys.argv[1], sys.argv[2], set(json.loads(sys.argv[4])), json.loads(sys.argv[5])
try:
    from portage.binrepo.config import BinRepoConfig

    frozen = "frozen" in BinRepoConfig.__slots__
except (ImportError, AttributeError):
    frozen = False
if frozen and sys.argv[3] == "served":
    beside = ""


def cut_index():
    """The index with the entries of the dependencies, and the paths of their files."""
    try:
        with open(os.path.join(pkgdir, "Packages"), encoding="utf-8") as file:
            header, *parts = [part.splitlines() for part in file.read().split("\n\n")]
    except FileNotFoundError:
        return "", []
    entries, paths = [], []
    for part in parts:
        values = dict(line.split(": ", 1) for line in part if ": " in line)
        if values.get("CPV") not in dependencies:
            continue
        path = values.get("PATH") or f"{values['CPV']}.tbz2"
        paths.append(path)
        entries.append([line for line in part if not line.startswith("PATH: ")] + [f"PATH: {os.path.join(beside, path)}"])
    header = [f"PACKAGES: {len(entries)}" if line.startswith("PACKAGES: ") else line for line in header]
    return "".join("\n".join(part) + "\n\n" for part in [header, *entries]), paths


def find_sources():
    """The names of the sources of the packages, which Portage's own grammar of SRC_URI gives."""
    ebuilds = portage.db[portage.settings["EROOT"]]["porttree"].dbapi
    names = set()
    for package in packages:
        repository = package["repository"] or None
        try:
            _, tree = ebuilds.findname2(package["cpv"], myrepo=repository)
            names.update(ebuilds.getFetchMap(package["cpv"], mytree=tree))
        except (KeyError, PortageException):
            continue
    return sorted(names)


index, paths = cut_index()
sources = find_sources()
there = [name for name in sources if os.path.isfile(os.path.join(portage.settings["DISTDIR"], name))]
absent = [name for name in sources if name not in there]
print(json.dumps({"index": index, "packages": paths, "sources": there, "absent": absent, "frozen": frozen}))
