"""package-sizes DATABASE PKGDIR: prints as JSON the sizes in bytes of the packages in a database of installed packages (/var/db/pkg).

{"category/name-version": {"installed": of its files, "binary": of the file of its binary package in PKGDIR}, ...}. A size that is
not known is null. The binary package is the build that is installed. Portage is not loaded: the database may be of another root.
"""

import json
import os
import sys

database, pkgdir = sys.argv[1:]


def read(*path):
    try:
        with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def read_number(text):
    return int(text) if text.strip().isdigit() else None


def read_index():
    """The sizes of binary packages by package, and for each package by build id."""
    sizes = {}
    if pkgdir == "":
        return sizes
    for block in read(pkgdir, "Packages").split("\n\n"):
        entry = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "CPV" in entry:
            sizes.setdefault(entry["CPV"], {})[entry.get("BUILD_ID", "")] = read_number(entry.get("SIZE", ""))
    return sizes


def directories(path):
    return sorted(entry.name for entry in os.scandir(path) if entry.is_dir()) if os.path.isdir(path) else []


binaries = read_index()
sizes = {}
for category in directories(database):
    for name in directories(os.path.join(database, category)):
        build_id = read(database, category, name, "BUILD_ID").strip()
        binary = binaries.get(f"{category}/{name}", {}).get(build_id)
        sizes[f"{category}/{name}"] = {"installed": read_number(read(database, category, name, "SIZE")), "binary": binary}
print(json.dumps(sizes))
