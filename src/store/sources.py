"""sources: identifies what Portage compiles a package from, as a digest. dependencies.py imports it as a module.

The digest covers the ebuild, its eclasses, its files/ and the checksums of its sources. A live package has none, because its sources
change while the ebuild does not.
"""

import hashlib
import json
import os

from portage.exception import PortageException


def digest(parts):
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def digest_file(path):
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return os.readlink(path) if os.path.islink(path) else ""


def files_below(directory):
    """The files below a directory, each with its digest, in a fixed order."""
    paths = sorted(os.path.join(place, name) for place, _, names in os.walk(directory) for name in names)
    return [[os.path.relpath(path, directory), digest_file(path)] for path in paths]


def checksums(directory, names):
    """The lines of the package's Manifest about these sources."""
    try:
        with open(os.path.join(directory, "Manifest"), encoding="utf-8", errors="replace") as file:
            lines = [line.split() for line in file]
    except OSError:
        return []
    return sorted(words for words in lines if words[:1] == ["DIST"] and words[1:2] and words[1] in names)


def digest_sources(ebuilds, cpv, repository):
    """The digest of a package of a tree; empty if there is no such ebuild, or if the package is live."""
    try:
        path, tree = ebuilds.findname2(cpv, myrepo=repository)
        if not path:
            return ""
        inherited, properties = ebuilds.aux_get(cpv, ["INHERITED", "PROPERTIES"], mytree=tree)
        sources = ebuilds.getFetchMap(cpv, mytree=tree)
    except (KeyError, PortageException):
        return ""
    if "live" in properties.split():
        return ""
    known = ebuilds.repositories.get_repo_for_location(tree).eclass_db.eclasses
    eclasses = [[name, known[name].md5] for name in sorted(set(inherited.split())) if name in known]
    directory = os.path.dirname(path)
    files = files_below(os.path.join(directory, "files"))
    return digest([digest_file(path), eclasses, files, checksums(directory, sources)])
