"""stage-index STORE STAGING: makes the packages of STORE visible in STAGING, a PKGDIR of its own for each partition.

Portage reads the packages of a PKGDIR from its index (FEATURES=pkgdir-index-trusted), and a PATH there may be absolute. So the index
of each partition is copied with absolute paths. New packages get the build ids that follow those of the store, their files are written
below STAGING, and their entries have relative paths. The program may run again: it keeps these entries.
"""

import glob
import os
import sys

store, staging = sys.argv[1:]


def read(path):
    """The header of an index, and its entries: the lines of each. What is no file, or no text, is only repaired by a build of that
    partition: nobody reads its copy.
    """
    if os.path.islink(path) or not os.path.isfile(path):
        return [], []
    try:
        with open(path, encoding="utf-8") as file:
            parts = [part.splitlines() for part in file.read().split("\n\n")]
    except (FileNotFoundError, UnicodeDecodeError):
        return [], []
    return parts[0], [entry for entry in parts[1:] if entry]


def path_of(entry):
    values = dict(line.split(": ", 1) for line in entry if ": " in line)
    return values.get("PATH") or f"{values.get('CPV')}.tbz2"


def absolute(entry, pkgdir):
    path = os.path.join(pkgdir, path_of(entry))
    return [line for line in entry if not line.startswith("PATH: ")] + [f"PATH: {path}"]


# An interrupted run is recognized by this directory of the work volume.
os.makedirs(os.path.join(staging, ".gentoo-builder"), exist_ok=True)
for path in glob.glob(os.path.join(glob.escape(store), "*/*/*/Packages")):
    pkgdir = os.path.dirname(path)
    own = os.path.join(staging, os.path.relpath(path, store))
    header, entries = read(path)
    kept = [entry for entry in read(own)[1] if not os.path.isabs(path_of(entry))]
    entries = [absolute(entry, pkgdir) for entry in entries] + kept
    header = [f"PACKAGES: {len(entries)}" if line.startswith("PACKAGES: ") else line for line in header]
    os.makedirs(os.path.dirname(own), exist_ok=True)
    with open(f"{own}.new", "w", encoding="utf-8") as file:
        file.write("".join("\n".join(part) + "\n\n" for part in [header, *entries]))
    os.rename(f"{own}.new", own)
    # Portage prefers the compressed index if it is not older.
    if os.path.exists(f"{own}.gz"):
        os.unlink(f"{own}.gz")
