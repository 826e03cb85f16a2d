"""toolchain: prints as JSON which packages of the tool chain Portage can build: {"own": [...], "others": [...]}.

A package is among the others if package.provided names it, or if no repository has it.
"""

import json

import portage


def main():
    root = portage.settings["EROOT"]
    settings = portage.db[root]["vartree"].settings
    ebuilds = portage.db[root]["porttree"].dbapi
    libc = "sys-libs/musl" if "musl" in settings.get("ELIBC", "") else "sys-libs/glibc"
    provided = set(settings.pprovideddict)
    found = {"own": [], "others": []}
    for package in (libc, "sys-devel/binutils", "sys-devel/gcc"):
        builds = package not in provided and ebuilds.cp_list(package)
        found["own" if builds else "others"].append(package)
    print(json.dumps(found))


main()
