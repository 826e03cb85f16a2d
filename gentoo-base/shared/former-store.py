"""former-store: finds packages of zentoo 0.1.0 without Portage. any-former.py and check-store.py import it as a module."""

import glob
import os
import re
import stat

# The present digest has its format in the name of a partition.
WITH_FORMAT = re.compile(r"-v\d+-[0-9a-f]+$")
EXTENSIONS = (".gpkg.tar", ".xpak", ".tbz2")


def has_former_packages(store):
    """Whether a partition of zentoo 0.1.0 in the store still has a package. An empty file is no package yet."""
    for partition in glob.glob(os.path.join(glob.escape(store), "*/*/*-*")):
        if WITH_FORMAT.search(partition) or os.path.relpath(partition, store).startswith("quarantine/"):
            continue
        for parent, _, names in os.walk(partition):
            if any(name.endswith(EXTENSIONS) and is_filled(os.path.join(parent, name)) for name in names):
                return True
    return False


def is_filled(path):
    """Whether a path is that of a regular file that is not empty."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:  # Another process has moved it.
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0
