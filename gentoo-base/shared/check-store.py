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
last found whole; with `all`, the content of every file, which is also unpacked.
"""

import errno
import json
import os
import re
import stat
import sys
import time

# Portage reads the variable when it is imported.
os.environ["PKGDIR"] = sys.argv[2]

import portage
from fitness import Fitness, find_obstacles, has_leftovers, incoming, read_known, read_moves, set_aside, stamp, write_known
from index import UNINDEXED, Index
from portage.locks import lockfile, unlockfile
from portage.versions import catpkgsplit
from reindex import apply_moves, digest_moves, write_index
from verdict import Broken, Unverifiable, check_against_index, check_content, check_image, read_metadata, without_signatures

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
index = Index(bintree, pkgdir)
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


def read_package(path, status, entry):
    """The metadata of a package, and whether the index has its checksums, its build id and its time. Raises Broken or Unverifiable."""
    full = os.path.join(pkgdir, path)
    check_content(full)
    if reads_all:
        check_image(full, reading)
    # An entry for another size or time is of an earlier file.
    is_summed = not index.matches(entry, status) or check_against_index(full, entry)
    keys = {"CATEGORY", "PF", "CHOST", "CFLAGS", "INHERITED", "BUILD_TIME", "BUILD_ID", *settings._setcpv_aux_keys}
    texts = read_metadata(full, reading, keys)
    if not (texts["CATEGORY"] and texts["PF"] and texts["SLOT"]):
        raise Broken("it does not say which package it is")
    is_same = all(entry.get(key, texts[key]) == texts[key] for key in ("BUILD_ID", "BUILD_TIME"))
    return texts, is_summed and (is_same or not index.matches(entry, status))


def why_misplaced(path, data):
    """Why Portage ignores a package, or takes it for another one; None if its path is the one that Portage gives it."""
    category, pf = data["CATEGORY"], data["PF"]
    parts = catpkgsplit(f"{category}/{pf}")
    if parts is None or not bintree.dbapi._category_re.match(category):
        return f"it says that it is {category}/{pf}, which is no package"
    if data["BUILD_ID"] and not data["BUILD_ID"].isdecimal():
        return "its BUILD_ID is no number"
    multi = rf"{re.escape('/'.join(parts[:2]))}/{re.escape(pf)}-[1-9]\d*\.(xpak|gpkg\.tar)"
    single = rf"(All|{re.escape(category)})/{re.escape(pf)}\.(tbz2|gpkg\.tar)"
    return None if re.fullmatch(f"{multi}|{single}", path) else f"it is {category}/{pf}, and its path is not that of this package"


def why_unfinished(path, status, entry):
    """Why a file is no package, if its name and its size tell; empty if they do not, and None if its writer may be at work."""
    if RENAMED.fullmatch(path):
        return "Portage found that it does not match its checksum"
    if status.st_size > 0:
        return ""
    # Portage gives a new package a name that Packages does not have.
    if entry:
        return "it is empty, and Packages has a package of this name"
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
        why, cpv = why_unfinished(path, status, entry), str(entry.get("CPV", ""))
        if why is None:
            return
        try:
            if why:
                raise Broken(why)
            key = (path, mark, *(entry.get(name) for name in ("MD5", "SHA1", "BUILD_ID", "BUILD_TIME")))
            if key not in read:
                read[key] = read_package(path, status, entry)
            data, is_summed = read[key]
            if not is_summed:
                self.missummed.add(path)
            cpv = f"{data['CATEGORY']}/{data['PF']}"
            why = why_misplaced(path, data) or self.fitness.why_unfit(data)
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
    check = Check(files, index.read()[0])
    away = {package["path"] for package in check.unfit}
    aside = away.union(package["path"] for package in check.unverified)
    # An empty file is in no index yet.
    packed = {path: status for path, status in files.items() if status.st_size > 0 and path not in aside}
    entries, faults = index.check(packed, files.keys(), check.missummed)
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


def set_unfit_aside(unfit):
    for package in unfit:
        path = package["path"]
        set_aside(os.path.join(pkgdir, path), os.path.join(quarantine, path), package["why"])


def clear_the_way():
    for name in find_obstacles(pkgdir):
        set_aside(os.path.join(pkgdir, name), os.path.join(quarantine, name), "it had a name that Portage or this program needs")


def reindex(unverified):
    hidden = [os.path.join(pkgdir, package["path"]) for package in unverified]
    if not write_index(hidden):
        # Portage fails at an entry that it cannot read.
        index.remove()
        if not write_index(hidden):
            sys.exit(f"Portage could not write the index of {pkgdir}")
    return inspect_settled()


def find_twins(faults):
    """The whole packages that Portage does not index, because another file is the same package with the same build id."""
    entries = index.read()[0]
    known = {(entry["CPV"], entry.get("BUILD_ID")): path for path, entry in entries.items()}
    twins = []
    for path in (fault.removesuffix(UNINDEXED) for fault in faults if fault.endswith(UNINDEXED)):
        data = read_metadata(os.path.join(pkgdir, path), reading, {"CATEGORY", "PF", "BUILD_ID"})
        cpv = f"{data['CATEGORY']}/{data['PF']}"
        other = known.get((cpv, data["BUILD_ID"]))
        if other:
            twins.append({"path": path, "cpv": cpv, "why": f"{other} is the same package with the same build id"})
    return twins


def put_in_order(found):
    """Lets Portage write the index. Returns what is wrong afterwards."""
    left = reindex(found["unverified"])
    if left[0]["faults"]:
        # Portage keeps an entry of the same version and build id.
        index.remove()
        left = reindex(found["unverified"])
    twins = find_twins(left[0]["faults"])
    if twins:
        set_unfit_aside(twins)
        found["unfit"] += twins
        left = inspect_settled()
    return left


def mend():
    found, fit, is_news = inspect()
    if found["faults"] or found["unfit"]:
        clear_the_way()
        lock = lockfile(index.path, wantnewlockfile=1)
        try:
            # Under the lock, no other process adds a package.
            left = inspect()[0]
            set_unfit_aside(left["unfit"])
            # Portage computes a checksum only for a package that its index lacks.
            if index.read()[1] or any(fault.endswith(("build id in Packages", "package in Packages")) for fault in left["faults"]):
                index.remove()
        finally:
            unlockfile(lock)
        left, fit, is_news = put_in_order(found)
        if left["faults"] or left["unfit"]:
            why = [*left["faults"], *(f"{package['path']}: {package['why']}" for package in left["unfit"])]
            sys.exit(f"Portage could not put {pkgdir} in order: {why[0]}")
    if has_leftovers(pkgdir):
        with incoming(pkgdir):
            pass
    if is_news and read_moves(pkgdir) != moves:
        apply_moves()
        fit = inspect_settled()[1]
    if is_news:
        write_known(pkgdir, fit, moves)
    return found


def is_unwritable(error):
    if isinstance(error, OSError):
        return error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
    # What Portage makes of such an error.
    names = ("ReadOnlyFileSystem", "PermissionDenied", "OperationNotPermitted")
    return type(error).__name__ in names


def mend_if_writable():
    """A partition that cannot be written is as it is: only one with faults is a failure."""
    try:
        return mend()
    except (OSError, portage.exception.PortageException) as error:
        if not is_unwritable(error):
            raise
        found = inspect()[0]
        why = [*found["faults"], *(f"{package['path']}: {package['why']}" for package in found["unfit"])]
        if why:
            sys.exit(f"{pkgdir} cannot be written, and is not in order: {why[0]}")
        return found


print(json.dumps({"glance": lambda: inspect()[0], "mend": mend_if_writable}[mode]()))
