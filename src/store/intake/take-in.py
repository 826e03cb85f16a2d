"""take-in STAGING PKGDIR QUARANTINE EXPECTED...: takes new packages from a staging place into a directory of binary packages, and
prints JSON.

{"taken": [{"path", "cpv", "buildId"}, ...], "refused": [{"path", "cpv", "why", "expected": true, "again": false}, ...]}

Each EXPECTED is JSON: {"cpv", "slot", "missingOnly", "anyFlags"}; the cpv `*` stands for any package. A package is taken if its
own bytes are right, it has been expected and was compiled for this machine and with these flags. `again` says that it may fit if it is
compiled once more: see fitness.py. Of each expected version, one package is taken.

The packages must not change meanwhile. They stay in STAGING, so that the program may run again: a package that the directory has
already, with the same BUILD_TIME, is not added twice.
"""

import json
import os
import shutil
import stat
import sys

# Portage reads the variables when it is imported. Nobody signs the packages of the store.
os.environ["PKGDIR"] = sys.argv[2]
os.environ["FEATURES"] = (
    os.environ.get("FEATURES", "") + " binpkg-multi-instance pkgdir-index-trusted -binpkg-request-signature binpkg-ignore-signature"
)

import portage
from fitness import Fitness, incoming, read_known, read_moves, set_aside, stamp, write_known
from portage.versions import catpkgsplit
from reindex import digest_moves
from verdict import Broken, Unverifiable, check_content, read_metadata, without_signatures

staging, pkgdir, quarantine = sys.argv[1:4]
expected = {entry["cpv"]: entry for entry in map(json.loads, sys.argv[4:])}
EXTENSIONS = (".gpkg.tar", ".xpak")

settings = portage.settings
bintree = portage.db[settings["EROOT"]]["bintree"]
fitness = Fitness(settings, quarantine)
reading = without_signatures(settings)


class Refused(Exception):
    """The reason, and whether the package may fit if it is compiled again."""

    def __init__(self, why, again=False):
        super().__init__(why)
        self.again = again


def split_path(path):
    """The cpv, the build id and the extension that the name of a file says. Raises Refused."""
    extension = next((each for each in EXTENSIONS if path.endswith(each)), "")
    name, _, build_id = path.removesuffix(extension).rpartition("-")
    parts = name.split("/")
    cpv = f"{parts[0]}/{parts[-1]}"
    split = catpkgsplit(cpv)
    if not (extension and len(parts) == 3 and split and parts[:2] == list(split[:2]) and build_id.isdecimal()):
        raise Refused("its name is not that of a package")
    return cpv, int(build_id), extension


def find_staged():
    for parent, _, names in os.walk(staging):
        for name in names:
            path = os.path.join(parent, name)
            status = os.lstat(path)
            # Portage makes an empty file when it chooses the name of a package.
            if name.endswith((*EXTENSIONS, ".tbz2")) and status.st_size > 0:
                yield os.path.relpath(path, staging), status


def find_wanted(cpv):
    wanted = expected.get(cpv) or expected.get("*")
    if wanted is None:
        raise Refused("it was not planned")
    return wanted


def read_package(path, cpv):
    full = os.path.join(staging, path)
    check_content(full)
    keys = {"CATEGORY", "PF", "CHOST", "CFLAGS", "INHERITED", "BUILD_TIME", *settings._setcpv_aux_keys}
    data = read_metadata(full, reading, keys)
    if f"{data['CATEGORY']}/{data['PF']}" != cpv:
        raise Refused(f"it is a package of {data['CATEGORY']}/{data['PF']}")
    return data


def packages_of(cpv):
    return [(package, bintree.dbapi.aux_get(package, ["BUILD_ID", "BUILD_TIME"])) for package in bintree.dbapi.match(f"={cpv}")]


def check(path, cpv, wanted):
    """The metadata of a package that fits. Raises Refused."""
    try:
        data = read_package(path, cpv)
    except Broken as broken:
        raise Refused(str(broken)) from broken
    except Unverifiable as unverifiable:
        raise Refused(f"it cannot be verified: {unverifiable}") from unverifiable
    slot = data["SLOT"].split("/")[0]
    if wanted.get("slot") not in (None, slot):
        raise Refused(f"its slot is {slot}, and {wanted['slot']} was planned")
    why = fitness.why_other_machine(data)
    if why:
        raise Refused(why)
    flags = None if wanted.get("anyFlags") else fitness.why_other_flags(data)
    if flags:
        raise Refused(flags, again=True)
    return data


def change_build_id(path, extension, build_id):
    if extension == ".gpkg.tar":
        package = portage.gpkg.gpkg(reading, None, path)
        data = package.get_metadata()
        data["BUILD_ID"] = f"{build_id}\n".encode()
        package.update_metadata(data)
    else:
        package = portage.xpak.tbz2(path)
        data = package.get_data()
        data[b"BUILD_ID"] = f"{build_id}\n".encode()
        package.recompose_mem(portage.xpak.xpak_mem(data))


def put(copy, cpv, build_id, extension):
    """Gives a whole package its name, with the first free build id from `build_id` on. Its file appears at once, or not at all."""
    own = build_id
    while True:
        category, name = cpv.split("/")
        target = os.path.join(pkgdir, category, catpkgsplit(cpv)[1], f"{name}-{build_id}{extension}")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target):
            if build_id != own:
                change_build_id(copy, extension, build_id)
                own = build_id
            with open(copy, "rb") as file:
                os.fsync(file.fileno())
            try:
                os.link(copy, target)
                return target, build_id
            except FileExistsError:
                pass
        build_id += 1


def add(place, path, cpv, build_id, extension):
    copy = os.path.join(place, "package")
    shutil.copy2(os.path.join(staging, path), copy)
    target, build_id = put(copy, cpv, build_id, extension)
    os.unlink(copy)
    if bintree.inject(cpv, current_pkg_path=target, allocated_pkg_path=target) is None:
        os.unlink(target)
        raise Refused("Portage cannot read it")
    return target, build_id


def take(place, path, status, taken):
    cpv, build_id, extension = split_path(path)
    if not stat.S_ISREG(status.st_mode):
        raise Refused("it is no file")
    wanted = find_wanted(cpv)
    if any(package["cpv"] == cpv for package in taken):
        raise Refused("another package of this version was taken")
    data = check(path, cpv, wanted)
    there = packages_of(cpv)
    for _, (known_id, known_time) in there:
        if known_time == data["BUILD_TIME"] != "":
            # A package that quickpkg made has no build id inside.
            return {"path": path, "cpv": cpv, "buildId": int(known_id or build_id)}, None
    if there and wanted.get("missingOnly"):
        raise Refused("the store has a package of this version, and no other one was planned")
    highest = max([build_id - 1, *(int(known_id or 0) for _, (known_id, _) in there)])
    target, build_id = add(place, path, cpv, max(build_id, highest), extension)
    return {"path": path, "cpv": cpv, "buildId": build_id}, target


def is_expected(path):
    try:
        return split_path(path)[0] in expected
    except Refused:
        return False


def take_all():
    taken, refused, known = [], [], {}
    os.makedirs(pkgdir, exist_ok=True)
    # New packages have the names of the present trees.
    moves = read_moves(pkgdir) if bintree.dbapi.cpv_all() else digest_moves(settings)
    with incoming(pkgdir) as place:
        for path, status in sorted(find_staged(), key=lambda found: (len(found[0]), found[0])):
            try:
                package, target = take(place, path, status, taken)
                taken.append(package)
                if target:
                    known[os.path.relpath(target, pkgdir)] = stamp(os.lstat(target))
            except Refused as why:
                package = {"path": path, "cpv": cpv_of(path), "why": str(why), "expected": is_expected(path), "again": why.again}
                refused.append(package)
                if why.again:
                    set_aside(os.path.join(staging, path), os.path.join(quarantine, path), str(why), shutil.copy2)
        if known:
            write_known(pkgdir, {**read_known(pkgdir), **known}, moves)
    return {"taken": taken, "refused": refused}


def cpv_of(path):
    try:
        return split_path(path)[0]
    except Refused:
        return ""


print(json.dumps(take_all()))
