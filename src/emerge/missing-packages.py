"""missing-packages ATOM...: prints JSON: {"missing": [ATOM, ...], "options": EMERGE_DEFAULT_OPTS, "origin": PLACE}.

Missing are the atoms that no installed package satisfies. A package without a category is any installed package of that name. The
place is where Portage takes EMERGE_DEFAULT_OPTS from: a file, or words; null if the variable is not set. The program writes nothing.
"""

import json
import os
import sys

import portage
from portage.dbapi.dep_expand import dep_expand
from portage.dep import match_from_list
from portage.exception import AmbiguousPackageName
from portage.util import _recursive_file_list, getconfig, grabdict_package

settings = portage.settings
installed = portage.db[settings["EROOT"]]["vartree"].dbapi


def is_installed(word):
    try:
        atom = dep_expand(word, mydb=installed, settings=settings)
    except AmbiguousPackageName:
        return True
    return bool(installed.match(atom) or match_from_list(atom, settings.pprovideddict.get(atom.cp, [])))


OPTIONS = "EMERGE_DEFAULT_OPTS"


def sets_options(path):
    return OPTIONS in (getconfig(path, tolerant=True, allow_sourcing=True, expand=dict(os.environ)) or {})


def origin_in_configuration(directory):
    """The file below /etc/portage that sets the variable last: one that package.env names for all packages, or make.conf."""
    entries = grabdict_package(
        os.path.join(directory, "package.env"),
        recursive=1,
        allow_wildcard=True,
        allow_repo=True,
    )
    names = [name for atom, found in entries.items() if atom == "*/*" for name in found]
    made = _recursive_file_list(os.path.join(directory, "make.conf"))
    files = [
        "/etc/make.conf",
        *made,
        *(os.path.join(directory, "env", name) for name in names),
    ]
    return next(
        (path for path in reversed(files) if sets_options(path)),
        os.path.join(directory, "make.conf"),
    )


def origin():
    if OPTIONS not in settings:
        return None
    level = next(
        (name for name, values in settings.configdict.items() if values is found_in()),
        "",
    )
    if level == "conf":
        return origin_in_configuration(os.path.join(settings["PORTAGE_CONFIGROOT"], "etc/portage"))
    places = {
        "env": "the environment of the base",
        "defaults": "make.defaults of the profile",
        "globals": "make.globals of Portage",
        "env.d": "/etc/profile.env",
    }
    return places.get(level, "the settings of Portage")


def found_in():
    """The dictionary of Portage from which the variable comes."""
    return next((values for values in settings.lookuplist if OPTIONS in values), None)


missing = [word for word in sys.argv[1:] if not is_installed(word)]
print(json.dumps({"missing": missing, "options": settings.get(OPTIONS, ""), "origin": origin()}))
