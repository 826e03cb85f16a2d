"""index: reads and checks the index of a directory of binary packages, the file `Packages`. check-store.py imports it as a module."""

import os
import re
import stat
from contextlib import suppress

import portage
from fitness import find_obstacles, is_kind
from portage.versions import catpkgsplit

# The end of a fault.
UNINDEXED = " is not in Packages"


def _is_named(path, entry):
    """Whether an entry is of the package that the path of its file names."""
    name = re.escape(entry["CPV"].split("/")[1])
    return re.fullmatch(rf"{name}(-\d+)?\.(xpak|tbz2|gpkg\.tar)", os.path.basename(path)) is not None


class Index:
    """The index of `pkgdir`, which Portage's `bintree` reads."""

    def __init__(self, bintree, pkgdir):
        self.bintree, self.pkgdir = bintree, pkgdir
        self.path = os.path.join(pkgdir, "Packages")

    def read(self):
        """The entries by path, and the faults of the file."""
        if os.path.lexists(self.path) and not is_kind(self.path):
            return {}, []
        try:
            index = self.bintree._load_pkgindex()
            invalid = [entry["CPV"] for entry in index.packages if catpkgsplit(entry["CPV"]) is None]
            if invalid:
                return {}, [f"Packages cannot be read: {invalid[0]!r} is no package"]
            entries = {entry.get("PATH") or entry["CPV"] + ".tbz2": entry for entry in index.packages}
            count = index.header.get("PACKAGES")
            if count is not None and int(count) != len(index.packages):
                return entries, [f"Packages has {len(index.packages)} entries of {count}"]
            return entries, []
        except (KeyError, ValueError, OSError, portage.exception.PortageException) as error:
            return {}, [f"Packages cannot be read: {error!r}"]

    def matches(self, entry, status):
        """Whether a file has the size and the time that the index has for it."""
        return (entry.get("SIZE"), entry.get("_mtime_")) == (str(status.st_size), str(status[stat.ST_MTIME]))

    def check(self, files, others, missummed):
        """The entries and faults. The index must have `files`, and may have `others`; its checksums of `missummed` are wrong."""
        entries, faults = self.read()
        obstacles = find_obstacles(self.pkgdir)
        if obstacles:
            return entries, faults + [f"{name} is no {'directory' if name == '.incoming' else 'file'}" for name in obstacles]
        if files and not os.path.exists(self.path):
            return entries, ["Packages is missing"]
        if files and os.stat(self.path).st_size == 0:
            return entries, ["Packages is empty"]
        faults += [fault for path, status in files.items() for fault in self._check_file(path, status, entries.get(path), missummed)]
        faults += [self._describe_absent(path) for path in entries if path not in files and path not in others]
        try:
            if os.stat(self.path)[stat.ST_MTIME] != os.stat(self.path + ".gz")[stat.ST_MTIME]:
                faults.append("Packages and Packages.gz have different times")
        except FileNotFoundError:
            pass
        return entries, faults

    def _check_file(self, path, status, entry, missummed):
        if entry is None:
            yield path + UNINDEXED
        elif not self.matches(entry, status):
            yield f"{path} differs from its entry in Packages"
        elif path in missummed:
            yield f"{path} has another checksum or build id in Packages"
        elif not _is_named(path, entry):
            yield f"{path} is another package in Packages"

    def _describe_absent(self, path):
        is_there = os.path.lexists(os.path.join(self.pkgdir, path))
        return f"{path} is in Packages, but {'it is no regular file of the store' if is_there else 'the file is missing'}"

    def remove(self):
        """Removes the file, so that Portage writes another one."""
        for path in (self.path, f"{self.path}.gz"):
            with suppress(FileNotFoundError):
                os.unlink(path)
