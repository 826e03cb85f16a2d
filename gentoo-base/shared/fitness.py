"""fitness: which packages fit into a partition. check-store.py and take-in.py import it as a module.

A package fits if it was compiled with the present settings. `.checked` is a cache of the packages that fit, because reading a package takes
time; packages that do not fit go to the quarantine. A package is copied to `.incoming` before it becomes one of the partition: only the
holder of its lock writes there, one process at a time, and without a holder the files in it are of a process that was killed. Their names
are not those of packages, so Portage does not see them.
"""

import fcntl
import json
import os
import re
import shutil
import stat
from contextlib import contextmanager, suppress

import portage
from portage.versions import _pkg_str

# The format of the cache. It changes if a package that passed an earlier check may not pass the present one.
FORMAT = 2
LARGEST_TEXT = 256 * 1024 * 1024


def _is_of_machine(word):
    """Whether a compiler option selects instructions that not every machine has."""
    return word.startswith("-m") and not re.match(r"-m(no-|tune=|32$|64$|x32$|fpmath=|cmodel=|abi=|stack|tls)", word)


class Fitness:
    """The settings of a partition, and the packages that were set aside from it."""

    def __init__(self, settings, quarantine):
        self.settings, self.quarantine = settings, quarantine
        names = [name for name in settings if name.startswith("CPU_FLAGS_")]
        self.cpu_flags = {flag for name in names for flag in settings.get(name, "").split()}
        self.config = portage.config(clone=settings)

    def _is_changed(self, recorded, expected, by_eclass):
        """Whether flags differ from the expected ones by more than ebuilds change: most add flags, and flag-o-matic removes some."""
        given = set(expected)
        added = [word for word in recorded if word not in given]
        if any(_is_of_machine(word) and re.sub(r"\W", "_", word[2:]) not in self.cpu_flags for word in added):
            return True
        return not by_eclass and not given.issubset(recorded)

    def _is_compiled_so(self, data, why):
        """Whether the package was compiled after one like it was set aside: then its ebuild or a bashrc sets the flags, and it fits."""
        place = os.path.join(self.quarantine, data["CATEGORY"])
        for parent, _, names in os.walk(place):
            for name in names:
                if name.startswith(data["PF"]) and name.endswith(".why"):
                    path = os.path.join(parent, name)
                    made = data["BUILD_TIME"]
                    if read_text(path).strip() == why and os.lstat(path).st_mtime < int(made if made.isdecimal() else 0):
                        return True
        return False

    def why_other_machine(self, data):
        """Why a package is for another machine; None if it is for this one."""
        chost = self.settings["CHOST"]
        return None if data["CHOST"] == chost else f"its CHOST is {data['CHOST'] or 'unknown'}, and here it is {chost}"

    def why_other_flags(self, data):
        """Why a package was compiled with other flags; None if it was not."""
        pkg = _pkg_str(f"{data['CATEGORY']}/{data['PF']}", metadata=data, settings=self.settings)
        # The settings for this package, package.env included.
        self.config.setcpv(pkg, mydb=data)
        expected = self.config.get("CFLAGS", "").split()
        if not self._is_changed(data["CFLAGS"].split(), expected, "flag-o-matic" in data["INHERITED"].split()):
            return None
        why = f'its CFLAGS are "{data["CFLAGS"]}", and here they are "{" ".join(expected)}"'
        return None if self._is_compiled_so(data, why) else why

    def why_unfit(self, data):
        return self.why_other_machine(data) or self.why_other_flags(data)


def is_kind(path, of_kind=stat.S_ISREG):
    """Whether something is of a kind, by default a regular file; a symbolic link is only a link."""
    try:
        return of_kind(os.lstat(path).st_mode)
    except OSError:
        return False


def read_text(path):
    """The text of a file; empty if it is no file, or far too large. A pipe or a device would be read without end."""
    if not is_kind(path) or os.lstat(path).st_size > LARGEST_TEXT:
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def replace(path, text):
    with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(file.name, path)


def stamp(status):
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _read(pkgdir, key, kind):
    try:
        known = json.loads(read_text(os.path.join(pkgdir, ".checked")))
        value = known[key] if known["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return kind()
    return value if isinstance(value, kind) else kind()


def read_known(pkgdir):
    """The stamps of the packages that fit, by path."""
    return _read(pkgdir, "packages", dict)


def read_moves(pkgdir):
    """The digest of the package moves that were applied last; empty if none were."""
    return _read(pkgdir, "moves", str)


def write_known(pkgdir, stamps, moves):
    replace(os.path.join(pkgdir, ".checked"), json.dumps({"format": FORMAT, "packages": stamps, "moves": moves}))


def _make_directory(path):
    """Makes a directory and its parents. Returns its path, which differs if something else has the name of one of them."""
    parent, name = os.path.split(path)
    if not name:
        return path
    path = os.path.join(_make_directory(parent), name)
    while os.path.lexists(path) and not os.path.isdir(path):
        path += "~"
    os.makedirs(path, exist_ok=True)
    return path


def set_aside(path, aside, why, move=shutil.move):
    """Moves (or copies) a package to a place of the quarantine, with a text file that gives the reason."""
    aside = os.path.join(_make_directory(os.path.dirname(aside)), os.path.basename(aside))
    while os.path.lexists(aside) or os.path.lexists(f"{aside}.why"):
        aside += "~"
    move(path, aside)
    replace(f"{aside}.why", f"{why}\n")


# The names in a partition that Portage and this program give, without the packages: each with what it has to be.
OWN = {
    **{name: stat.S_ISREG for name in ("Packages", "Packages.gz", ".Packages.portage_lockfile", ".checked")},
    ".incoming": stat.S_ISDIR,
}


def find_obstacles(pkgdir):
    """The names that something else has: a directory, a link, a pipe or a device. Whoever reads or writes the file would fail or hang."""
    paths = {name: os.path.join(pkgdir, name) for name in OWN}
    return [name for name, path in paths.items() if os.path.lexists(path) and not is_kind(path, OWN[name])]


def _place(pkgdir):
    return os.path.join(pkgdir, ".incoming")


def _leftovers(place):
    """The files in the place. Nobody makes directories there."""
    with os.scandir(place) as found:
        return [entry.name for entry in found if not entry.is_dir(follow_symlinks=False)]


def _clear(place):
    for name in _leftovers(place):
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(place, name))


@contextmanager
def incoming(pkgdir):
    """Locks the place and empties it; its path is the value."""
    place = _place(pkgdir)
    os.makedirs(place, exist_ok=True)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _clear(place)
        yield place
        _clear(place)
    finally:
        os.close(descriptor)


def has_leftovers(pkgdir):
    """Whether a killed process left a file in the place."""
    try:
        descriptor = os.open(_place(pkgdir), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return bool(_leftovers(descriptor))
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
