"""former-partition: the partitions of zentoo 0.1.0, whose digest has the format 1, without a number in its name. move-former.py
imports it as a module. It never changes.

The digest covers the profiles, every variable that is named like *FLAGS, the files that set such variables or run commands for single
packages, and the hooks.
"""

import hashlib
import os
import re
import sys

from portage.const import USER_CONFIG_PATH

current = sys.modules["binpkg-partition"]

NO_COMPILER_FLAGS = re.compile(r"MAKEFLAGS|BINPKG_COMPRESS_FLAGS\w*|PORTAGE_\w*")
COMPILER_FLAGS = re.compile(r"\w*FLAGS(_\w+)?|ABI|CHOST|ELIBC")


def covers(name):
    """Whether the digest covers a variable."""
    return bool(COMPILER_FLAGS.fullmatch(name) and not NO_COMPILER_FLAGS.fullmatch(name))


def _variables(settings):
    for name in sorted(settings.keys()):
        words = settings.get(name, "").split() if covers(name) else []
        if words:
            yield f"{name}={' '.join(sorted(words) if name.startswith('CPU_FLAGS_') else words)}"


def _identify(settings, profiles, hooks):
    identity = [
        *_variables(settings),
        *(f"profile={repository}:{path}" for _, repository, path in profiles),
    ]
    etc = os.path.join(settings["PORTAGE_CONFIGROOT"], USER_CONFIG_PATH)
    places = [("etc", etc, current.USER_FILES)]
    places += [(f"{repository}:{path}", at, current.PROFILE_FILES) for at, repository, path in profiles]
    for place, directory, names in places:
        for path, said in current.find_files(directory, names):
            identity += [f"file={place}/{path}", *("\t" + line for line in said)]
    identity += [f"hook={hook}" for hook in hooks]
    if any(current.NATIVE.search(line) for line in identity):
        identity += current.describe_processor()
    return identity


def find_partition(settings, cpu, hooks):
    """The directory of the packages that zentoo 0.1.0 compiled with these settings, relative to the store."""
    profiles = list(current.find_profiles(settings))
    text = "".join(line + "\n" for line in _identify(settings, profiles, hooks))
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    named = [path for _, repository, path in profiles if repository]
    return "/".join(
        (
            current.component(settings["CHOST"], "unknown"),
            current.component(cpu or current.cpu_word(settings.get("CFLAGS", "")), "generic"),
            f"{current.component(named[-1] if named else '', 'custom')}-{digest}",
        )
    )
