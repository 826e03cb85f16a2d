"""missing-packages ATOM...: prints JSON: {"missing": [ATOM, ...], "options": EMERGE_DEFAULT_OPTS}.

Missing are the atoms that no installed package satisfies. A package without a category is any installed package of that name. The
program writes nothing.
"""

import json
import sys

import portage
from portage.dbapi.dep_expand import dep_expand
from portage.dep import match_from_list
from portage.exception import AmbiguousPackageName

settings = portage.settings
installed = portage.db[settings["EROOT"]]["vartree"].dbapi


def is_installed(word):
    try:
        atom = dep_expand(word, mydb=installed, settings=settings)
    except AmbiguousPackageName:
        return True
    return bool(installed.match(atom) or match_from_list(atom, settings.pprovideddict.get(atom.cp, [])))


missing = [word for word in sys.argv[1:] if not is_installed(word)]
print(json.dumps({"missing": missing, "options": settings.get("EMERGE_DEFAULT_OPTS", "")}))
