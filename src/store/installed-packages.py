"""installed-packages DATABASE KEY...: prints as JSON the packages in a database of installed packages (portage(5), /var/db/pkg), sorted.

[{"cpv": "category/name-version", KEY: "the text of that file of the package, empty if it has none", ...}, ...]. Without a database the
list is empty. Portage is not loaded: the database may be of another root.
"""

import json
import os
import sys

database, *keys = sys.argv[1:]


def directories(path):
    return sorted(entry.name for entry in os.scandir(path) if entry.is_dir())


def read(*path):
    try:
        with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
            return " ".join(file.read().split())
    except FileNotFoundError:
        return ""


packages = [
    {"cpv": f"{category}/{name}", **{key: read(database, category, name, key) for key in keys}}
    for category in (directories(database) if os.path.isdir(database) else ())
    for name in directories(os.path.join(database, category))
    if not name.startswith("-MERGING-")
]
print(json.dumps(packages))
