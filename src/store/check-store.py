"""check-store glance|inspect|mend PKGDIR QUARANTINE: prints as JSON what is wrong with a directory of binary packages.

{"faults": [...], "unfit": [{"path", "cpv", "why"}, ...], "packages": N}: faults of the index, files that are no packages, and packages
that were not compiled as this directory's are. `inspect` writes nothing; neither does `glance`, which may take for a fault what
another one is just adding. `mend` moves the files into QUARANTINE and has Portage write
the index anew, under Portage's own locks, and prints what was wrong before. Both may be run again at any time.
"""

import json
import os
import re
import stat
import subprocess
import sys
import time

mode, pkgdir, quarantine = sys.argv[1:4]
os.environ["PKGDIR"] = pkgdir

import portage
from portage.locks import lockfile, unlockfile
from portage.versions import _pkg_str

# A package's file is empty from when its name is taken until it is packed: nobody packs for so long.
PACKING_SECONDS = 24 * 60 * 60
EXTENSIONS = (".gpkg.tar", ".xpak", ".tbz2")
# What was found to fit, by path, size and time: reading a package takes a process that decompresses it.
KNOWN = os.path.join(pkgdir, ".checked")

settings = portage.settings
bintree = portage.db[settings["EROOT"]]["bintree"]
index_path = os.path.join(pkgdir, "Packages")


def find_files():
    for parent, _, names in os.walk(pkgdir):
        for name in names:
            path = os.path.join(parent, name)
            try:
                status = os.lstat(path)
            except FileNotFoundError:
                continue
            if name.endswith(EXTENSIONS) and stat.S_ISREG(status.st_mode):
                yield os.path.relpath(path, pkgdir), status


def read_index():
    """Entries by path, and what is wrong with the file."""
    try:
        index = bintree._load_pkgindex()
        entries = {entry.get("PATH") or entry["CPV"] + ".tbz2": entry for entry in index.packages}
        count = index.header.get("PACKAGES")
        if count is not None and int(count) != len(index.packages):
            return entries, [f"Packages has {len(index.packages)} entries of {count}"]
        return entries, []
    except (KeyError, ValueError, OSError, portage.exception.PortageException) as error:
        return {}, [f"Packages cannot be read: {error!r}"]


def check_index(files):
    entries, faults = read_index()
    if files and not os.path.exists(index_path):
        return entries, ["Packages is missing"]
    if files and os.stat(index_path).st_size == 0:
        return entries, ["Packages is empty"]
    for path, status in files.items():
        entry = entries.get(path)
        if entry is None:
            faults.append(f"{path} is not in Packages")
        elif (entry.get("SIZE"), entry.get("_mtime_")) != (str(status.st_size), str(status[stat.ST_MTIME])):
            faults.append(f"{path} is another file than in Packages")
    faults += [f"{path} is in Packages, and not there" for path in entries if path not in files]
    try:
        if os.stat(index_path)[stat.ST_MTIME] != os.stat(index_path + ".gz")[stat.ST_MTIME]:
            faults.append("Packages and Packages.gz are not of one time")
    except FileNotFoundError:
        pass
    return entries, faults


def read_metadata(path):
    """Of a package, without what it installs; None if it is none."""
    full = os.path.join(pkgdir, path)
    keys = {"CATEGORY", "PF", "CHOST", "CFLAGS", "INHERITED", *settings._setcpv_aux_keys}
    try:
        if path.endswith(".gpkg.tar"):
            data = portage.gpkg.gpkg(settings, None, full).get_metadata()
            found = {key: data.get(key, b"") for key in keys}
        else:
            data = portage.xpak.tbz2(full).get_data()
            found = {key: data.get(key.encode(), b"") for key in keys}
    except Exception:  # Portage raises whatever its parsers meet in a broken file.
        return None
    texts = {key: " ".join(value.decode("utf-8", "replace").split()) for key, value in found.items()}
    return texts if texts["CATEGORY"] and texts["PF"] and texts["SLOT"] else None


def is_of_machine(word):
    """Whether an option of a compiler chooses for which machines it compiles, and none that every one has."""
    return word.startswith("-m") and not re.match(r"-m(no-|tune=|32$|64$|x32$|fpmath=|cmodel=|abi=|stack|tls)", word)


def is_changed(recorded, expected, by_eclass, cpu_flags):
    """Whether flags are others than expected, but for what ebuilds themselves do: most add some, and those of flag-o-matic drop some."""
    given = set(expected)
    added = [word for word in recorded if word not in given]
    if any(is_of_machine(word) and re.sub(r"\W", "_", word[2:]) not in cpu_flags for word in added):
        return True
    return not by_eclass and not given.issubset(recorded)


def why_unfit(data, config, cpu_flags):
    if data["CHOST"] != settings["CHOST"]:
        return f"its CHOST is {data['CHOST'] or 'unknown'}, and here it is {settings['CHOST']}"
    pkg = _pkg_str(f"{data['CATEGORY']}/{data['PF']}", metadata=data, settings=settings)
    # As package.env has it for this one.
    config.setcpv(pkg, mydb=data)
    expected = config.get("CFLAGS", "").split()
    if is_changed(data["CFLAGS"].split(), expected, "flag-o-matic" in data["INHERITED"].split(), cpu_flags):
        return f"its CFLAGS are \"{data['CFLAGS']}\", and here they are \"{' '.join(expected)}\""
    return None


def check_packages(files):
    """What does not fit, and the stamps of what does."""
    try:
        with open(KNOWN, encoding="utf-8") as file:
            known = json.load(file)
    except (OSError, ValueError):
        known = {}
    names = [name for name in settings.keys() if name.startswith("CPU_FLAGS_")]
    cpu_flags = {flag for name in names for flag in settings.get(name, "").split()}
    config = portage.config(clone=settings)
    unfit, fit = [], {}
    for path, status in sorted(files.items()):
        stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
        if known.get(path) == stamp:
            fit[path] = stamp
            continue
        if status.st_size == 0:
            if time.time() - status.st_mtime > PACKING_SECONDS:
                unfit.append({"path": path, "cpv": "", "why": "it is empty: whoever was to write it came to an end"})
            continue
        data = read_metadata(path)
        why = "it is no binary package, or only a part of one" if data is None else why_unfit(data, config, cpu_flags)
        if why is None:
            fit[path] = stamp
        else:
            cpv = f"{data['CATEGORY']}/{data['PF']}" if data else ""
            unfit.append({"path": path, "cpv": cpv, "why": why})
    return unfit, fit, fit != known


def inspect():
    files = dict(find_files())
    unfit, fit, is_news = check_packages(files)
    away = {package["path"] for package in unfit}
    # A name that is taken is in no index yet.
    packed = {path: status for path, status in files.items() if status.st_size > 0 and path not in away}
    entries, faults = check_index(packed)
    faults = [fault for fault in faults if not any(fault.startswith(f"{path} ") for path in away)]
    faults += [f"{path} is in Packages, and does not fit" for path in away if path in entries]
    return {"faults": sorted(faults), "unfit": unfit, "packages": len(packed)}, fit, is_news


def inspect_settled():
    """As inspect, but what another one is just adding is no fault: it is a moment before the index has it."""
    for _ in range(3):
        found = inspect()
        if not found[0]["faults"]:
            break
        time.sleep(0.7)
    return found


def replace(path, text):
    with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(file.name, path)


def set_aside(package):
    aside = os.path.join(quarantine, package["path"])
    os.makedirs(os.path.dirname(aside), exist_ok=True)
    while os.path.lexists(aside):
        aside += "~"
    os.rename(os.path.join(pkgdir, package["path"]), aside)
    replace(f"{aside}.why", f"{package['why']}\n")


def mend():
    found, fit, is_news = inspect()
    if found["faults"] or found["unfit"]:
        lock = lockfile(index_path, wantnewlockfile=1)
        try:
            # Nobody adds anything now.
            found, fit, is_news = inspect()
            for package in found["unfit"]:
                set_aside(package)
            if read_index()[1] and os.path.exists(index_path):
                os.unlink(index_path)
        finally:
            unlockfile(lock)
        if found["faults"] or found["unfit"]:
            subprocess.run(["emaint", "--fix", "binhost"], stdout=sys.stderr, check=True)
            left, fit, is_news = inspect_settled()
            if left["faults"] or left["unfit"]:
                why = [*left["faults"], *(f"{package['path']}: {package['why']}" for package in left["unfit"])]
                sys.exit(f"emaint could not put {pkgdir} in order: {why[0]}")
    if is_news and os.path.isdir(pkgdir):
        replace(KNOWN, json.dumps(fit))
    return found


print(json.dumps({"glance": lambda: inspect()[0], "inspect": lambda: inspect_settled()[0], "mend": mend}[mode]()))
