"""check-store glance|mend PKGDIR QUARANTINE [all]: checks a directory of binary packages and prints JSON.

{"faults": [...], "unfit": [{"path", "cpv", "why"}, ...], "unverified": [...], "packages": N, "isInOrder": true, "signatures": false,
"remote": false, "former": false}: faults of the index; files that are broken, and packages that were compiled with other settings than
Portage's configuration; files that cannot be verified in this container; the number of other packages; whether nothing is left to
write; whether the configuration asks for signatures of packages, and for packages of remote hosts; whether the store around the
directory has packages of zentoo 0.1.0.

`glance` writes nothing, and may report a package that another process is just adding. `mend` moves unfit files into QUARANTINE, lets
Portage write the index again under Portage's own locks, without the files that cannot be verified, and prints the faults from before.
It also applies package moves, because an emerge that has the packages read-only cannot, and removes what a killed take-in.py left.
Both may be run again at any time. The content of a file is read again only if its size or one of its times has changed since it was
last found whole; with `all`, the content of every file.
"""

import json
import os
import re
import stat
import sys
import time
from contextlib import suppress

# Portage reads the variable when it is imported.
os.environ["PKGDIR"] = sys.argv[2]

import portage
from fitness import Fitness, has_leftovers, incoming, read_known, read_moves, set_aside, stamp, write_known
from portage.locks import lockfile, unlockfile
from reindex import apply_moves, digest_moves, write_index
from verdict import Broken, Unverifiable, check_against_index, check_content, read_metadata, without_signatures

mode, pkgdir, quarantine, *reads_all = sys.argv[1:]
former_store = sys.modules["former-store"]
# Portage makes an empty file when it chooses the name of a package, and fills it later. No packaging takes this long.
PACKING_SECONDS = 24 * 60 * 60
EXTENSIONS = (".gpkg.tar", ".xpak", ".tbz2")
# The name that Portage gives a package whose content does not match its checksum at the merge.
RENAMED = re.compile(r"(.+)\._checksum_failure_\.\w+")
# The options of emerge that ask remote hosts for packages; emerge(1).
HOSTS = re.compile(r"--getbinpkg(only)?(=y)?|-[a-zA-Z]*[gG][a-zA-Z]*")

settings = portage.settings
reading = without_signatures(settings)
bintree = portage.db[settings["EROOT"]]["bintree"]
index_path = os.path.join(pkgdir, "Packages")
moves = digest_moves(settings)


def find_files():
    """The packages, and the damaged ones that Portage renamed: each path with its status."""
    for parent, _, names in os.walk(pkgdir):
        for name in names:
            path = os.path.join(parent, name)
            try:
                status = os.lstat(path)
            except FileNotFoundError:
                continue
            is_package = name.endswith(EXTENSIONS) or RENAMED.fullmatch(name)
            if is_package and stat.S_ISREG(status.st_mode):
                yield os.path.relpath(path, pkgdir), status


def read_index():
    """The entries by path, and the faults of the file."""
    try:
        index = bintree._load_pkgindex()
        entries = {entry.get("PATH") or entry["CPV"] + ".tbz2": entry for entry in index.packages}
        count = index.header.get("PACKAGES")
        if count is not None and int(count) != len(index.packages):
            return entries, [f"Packages has {len(index.packages)} entries of {count}"]
        return entries, []
    except (KeyError, ValueError, OSError, portage.exception.PortageException) as error:
        return {}, [f"Packages cannot be read: {error!r}"]


def matches(entry, status):
    """Whether a file has the size and the time that the index has for it."""
    return (entry.get("SIZE"), entry.get("_mtime_")) == (str(status.st_size), str(status[stat.ST_MTIME]))


def check_index(files, others, missummed):
    """The entries and faults of the index. It must have `files`, and may have `others`; its checksums of `missummed` are wrong."""
    entries, faults = read_index()
    if files and not os.path.exists(index_path):
        return entries, ["Packages is missing"]
    if files and os.stat(index_path).st_size == 0:
        return entries, ["Packages is empty"]
    for path, status in files.items():
        entry = entries.get(path)
        if entry is None:
            faults.append(f"{path} is not in Packages")
        elif not matches(entry, status):
            faults.append(f"{path} differs from its entry in Packages")
        elif path in missummed:
            faults.append(f"{path} has another checksum in Packages")
    faults += [f"{path} is in Packages, but the file is missing" for path in entries if path not in files and path not in others]
    try:
        if os.stat(index_path)[stat.ST_MTIME] != os.stat(index_path + ".gz")[stat.ST_MTIME]:
            faults.append("Packages and Packages.gz have different times")
    except FileNotFoundError:
        pass
    return entries, faults


def read_package(path, status, entry):
    """The metadata of a package, and whether its checksums in the index are right. Raises Broken or Unverifiable."""
    full = os.path.join(pkgdir, path)
    check_content(full)
    # An entry for another size or time is of an earlier file.
    is_summed = not matches(entry, status) or check_against_index(full, entry)
    keys = {"CATEGORY", "PF", "CHOST", "CFLAGS", "INHERITED", "BUILD_TIME", *settings._setcpv_aux_keys}
    texts = read_metadata(full, reading, keys)
    if not (texts["CATEGORY"] and texts["PF"] and texts["SLOT"]):
        raise Broken("it does not say which package it is")
    return texts, is_summed


def why_unfinished(path, status):
    """Why a file is no package, if its name and its size tell; empty if they do not, and None if its writer may be at work."""
    if RENAMED.fullmatch(path):
        return "Portage found that it does not match its checksum"
    if status.st_size > 0:
        return ""
    if time.time() - status.st_mtime > PACKING_SECONDS:
        return "it is empty: its writer ended before it wrote the package"
    return None


# The files that this process has read, by path, stamp and checksums: what read_package returned.
read = {}


class Check:
    """What a look at all files found."""

    def __init__(self, files, entries):
        self.unfit, self.unverified, self.fit, self.missummed = [], [], {}, set()
        self.known = {} if reads_all else read_known(pkgdir)
        self.fitness = Fitness(settings, quarantine)
        for path, status in sorted(files.items()):
            self.check(path, status, entries.get(path, {}))

    def check(self, path, status, entry):
        mark = stamp(status)
        if self.known.get(path) == mark:
            self.fit[path] = mark
            return
        why, cpv = why_unfinished(path, status), str(entry.get("CPV", ""))
        if why is None:
            return
        try:
            if why:
                raise Broken(why)
            key = (path, mark, entry.get("MD5"), entry.get("SHA1"))
            if key not in read:
                read[key] = read_package(path, status, entry)
            data, is_summed = read[key]
            if not is_summed:
                self.missummed.add(path)
            cpv = f"{data['CATEGORY']}/{data['PF']}"
            why = self.fitness.why_unfit(data)
        except Broken as broken:
            why = str(broken)
        except Unverifiable as unverifiable:
            self.unverified.append({"path": path, "cpv": cpv, "why": str(unverifiable)})
            return
        except FileNotFoundError:  # Another process has just replaced it.
            return
        if why is None:
            self.fit[path] = mark
        else:
            self.unfit.append({"path": path, "cpv": cpv, "why": why})


def inspect():
    files = dict(find_files())
    check = Check(files, read_index()[0])
    away = {package["path"] for package in check.unfit}
    aside = away.union(package["path"] for package in check.unverified)
    # An empty file is in no index yet.
    packed = {path: status for path, status in files.items() if status.st_size > 0 and path not in aside}
    entries, faults = check_index(packed, files.keys(), check.missummed)
    faults += [f"{path} is in Packages, and does not fit" for path in away if path in entries]
    faults += [f"{path} is in Packages, and cannot be verified" for path in aside - away if path in entries]
    is_moved = not entries or read_moves(pkgdir) == moves
    is_news = (check.fit != check.known or not is_moved) and os.path.isdir(pkgdir)
    found = {"faults": sorted(faults), "unfit": check.unfit, "unverified": check.unverified, "packages": len(packed)}
    found["signatures"] = "binpkg-request-signature" in settings.features
    found["remote"] = "getbinpkg" in settings.features or any(map(HOSTS.fullmatch, settings.get("EMERGE_DEFAULT_OPTS", "").split()))
    # A partition is three directories below the store.
    found["former"] = former_store.has_former_packages(os.path.normpath(os.path.join(pkgdir, "../../..")))
    return {**found, "isInOrder": not (faults or check.unfit or is_news or has_leftovers(pkgdir))}, check.fit, is_news


def inspect_settled():
    """The same as inspect, after time for the index to get a package that another process is just adding."""
    for _ in range(3):
        found = inspect()
        if not found[0]["faults"]:
            break
        time.sleep(0.7)
    return found


def mend():
    found, fit, is_news = inspect()
    if has_leftovers(pkgdir):
        with incoming(pkgdir):
            pass
    if found["faults"] or found["unfit"]:
        lock = lockfile(index_path, wantnewlockfile=1)
        try:
            # Under the lock, no other process adds a package.
            found, fit, is_news = inspect()
            for package in found["unfit"]:
                path = package["path"]
                set_aside(os.path.join(pkgdir, path), os.path.join(quarantine, path), package["why"])
            # Portage computes a checksum only for a package that its index lacks.
            if read_index()[1] or any(fault.endswith("checksum in Packages") for fault in found["faults"]):
                with suppress(FileNotFoundError):
                    os.unlink(index_path)
        finally:
            unlockfile(lock)
        if found["faults"] or found["unfit"]:
            write_index(os.path.join(pkgdir, package["path"]) for package in found["unverified"])
            left, fit, is_news = inspect_settled()
            if left["faults"] or left["unfit"]:
                why = [*left["faults"], *(f"{package['path']}: {package['why']}" for package in left["unfit"])]
                sys.exit(f"Portage could not put {pkgdir} in order: {why[0]}")
    if is_news and read_moves(pkgdir) != moves:
        apply_moves()
        fit = inspect_settled()[1]
    if is_news:
        write_known(pkgdir, fit, moves)
    return found


print(json.dumps({"glance": lambda: inspect()[0], "mend": mend}[mode]()))
