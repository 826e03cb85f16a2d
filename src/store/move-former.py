"""move-former STORE PARTITION CPU [HOOK...]: moves binary packages of zentoo 0.1.0 into a partition of the present format, and prints
JSON: {"moved": N, "left": [{"path", "cpv", "why"}, ...]}.

The packages are those of the partition that zentoo 0.1.0 had for the settings in this container. A package moves if it proves that
it was built with the present settings. The others move into quarantine, each with a text file that gives the reason. The program may
run again at any time: what has moved is not there any more.
"""

import json
import os
import sys
from contextlib import suppress

# Portage reads the variable when it is imported.
os.environ["PKGDIR"] = os.path.join(sys.argv[1], sys.argv[2])

import portage
from portage.const import USER_CONFIG_PATH
from reindex import write_index
from verdict import (
    Broken,
    Unverifiable,
    check_content,
    read_metadata,
    without_signatures,
)

store, partition, cpu, *hooks = sys.argv[1:]
pkgdir = os.environ["PKGDIR"]
current, former, recorded_settings = (sys.modules[name] for name in ("binpkg-partition", "former-partition", "recorded-settings"))
former_store = sys.modules["former-store"]
settings = portage.settings
reading = without_signatures(settings)
source = former.find_partition(settings, cpu, hooks)


def find_packages():
    for parent, _, names in os.walk(os.path.join(store, source)):
        for name in sorted(names):
            path = os.path.join(parent, name)
            if name.endswith((".gpkg.tar", ".xpak", ".tbz2")) and former_store.is_filled(path):
                yield path


def why_unproven_everywhere():
    """Why no package proves its settings: ebuilds may read files that no package records."""
    etc = os.path.join(settings["PORTAGE_CONFIGROOT"], USER_CONFIG_PATH)
    profiles = [("etc", etc, current.USER_FILES)]
    profiles += [(name, at, current.PROFILE_FILES) for at, name, _ in current.find_profiles(settings)]
    found = [path for _, directory, names in profiles for path, _ in current.find_files(directory, names)]
    has_bashrc = any(current.BASHRC.fullmatch(path) for path in found)
    for _, directory, names in current.find_other_files(etc, has_bashrc):
        for path, _ in current.find_contents(directory, [name for name in names if name != "savedconfig"]):
            return f"it does not record the content of {os.path.join(directory, path)}"
    return None


def judge(path, everywhere):
    """The name of a package, and why it does not move; None if it does."""
    try:
        check_content(path)
        keys = {
            "CATEGORY",
            "PF",
            "CHOST",
            *recorded_settings.KEYS,
            *settings._setcpv_aux_keys,
        }
        data = read_metadata(path, reading, keys)
        return (
            f"{data['CATEGORY']}/{data['PF']}",
            everywhere or recorded_settings.why_unproven(path, data, reading),
        )
    except (Broken, Unverifiable) as error:
        return "", str(error)


def move(path, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    while os.path.lexists(target):
        # A package with the same name and another build id; Portage counts them from 1.
        stem, build, end = target.rpartition("-")
        number, _, extension = end.partition(".")
        target = f"{stem}{build}{int(number) + 1}.{extension}" if number.isdigit() else target + "~"
    os.rename(path, target)
    return target


def main():
    moved, left, everywhere = 0, [], why_unproven_everywhere()
    for path in list(find_packages()):
        relative = os.path.relpath(path, os.path.join(store, source))
        with suppress(FileNotFoundError):  # Another process has moved it.
            cpv, why = judge(path, everywhere)
            if why is None:
                move(path, os.path.join(pkgdir, relative))
                moved += 1
                continue
            aside = move(path, os.path.join(store, "quarantine", source, relative))
            with open(f"{aside}.why", "w", encoding="utf-8") as file:
                file.write(f"{why}\n")
            left.append({"path": os.path.relpath(aside, store), "cpv": cpv, "why": why})
    if moved and not write_index([]):
        sys.exit(f"Portage could not write the index of {pkgdir}")
    print(json.dumps({"moved": moved, "left": left}))


main()
