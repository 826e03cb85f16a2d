"""recorded-settings: compares the settings that a binary package records with the present ones. move-former.py imports it as a module.

A package records its FEATURES, its USE flags, its repository, and the environment in which it was built. What the digest of zentoo
0.1.0 covers is not compared again. A setting that the record cannot prove counts as another one.
"""

import bz2
import re
import sys

import portage
from portage.versions import _pkg_str

current = sys.modules["binpkg-partition"]
former = sys.modules["former-partition"]

# Variables that ebuild.sh or Portage sets itself for each package (ebuild(5)), whatever the configuration is.
OF_PORTAGE = re.compile(
    r"A|AA|CATEGORY|P|PF|PN|PR|PV|PVR|EAPI|SLOT|KEYWORDS|LICENSE|USE|IUSE_EFFECTIVE|DEFINED_PHASES|INHERITED|FEATURES|SHELL|LC_\w+"
    r"|(DIR|EXE|INS|LIB)OPTIONS|PORTAGE_(FEATURES|REPO_REVISIONS|BZIP2_COMMAND)|USE_EXPAND_(VALUES_\w+|IMPLICIT|UNPREFIXED)"
)
# toolchain-funcs.eclass exports these with the value that no setting gives, too.
TOOLS = {
    "CC": "gcc",
    "CXX": "g++",
    "CPP": "gcc -E",
    "LD": "ld",
    "AR": "ar",
    "AS": "as",
    "NM": "nm",
    "RANLIB": "ranlib",
    "STRIP": "strip",
}
EXPORTED = re.compile(r'declare -\w*x\w* (\w+)="((?:[^"\\]|\\.)*)"', re.DOTALL)
KEYS = {"FEATURES", "USE", "repository", "INHERITED"}


def _read_environment(path, settings):
    """The exported variables in the environment that a package records."""
    if path.endswith(".gpkg.tar"):
        packed = portage.gpkg.gpkg(settings, None, path).get_metadata().get("environment.bz2", b"")
    else:
        packed = portage.xpak.tbz2(path).get_data().get(b"environment.bz2", b"")
    text = bz2.decompress(packed).decode("utf-8", "surrogateescape") if packed else ""
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in EXPORTED.findall(text)}


def _words(name, value):
    words = (value or "").split()
    return sorted(words) if name.startswith("CPU_FLAGS_") else words


def _differing_variable(recorded, config, configured, repository):
    environment = config.environ()
    of_repository = getattr(config, "_repo_make_defaults", {}).get(repository, {})
    for name in sorted({*recorded, *configured, *of_repository}):
        if former.covers(name) or OF_PORTAGE.fullmatch(name) or not current.counts(name, config):
            continue
        expected = _words(name, configured.get(name, environment.get(name)))
        given = _words(name, recorded.get(name))
        is_tool = not expected and name in TOOLS and " ".join(given) == f"{config['CHOST']}-{TOOLS[name]}"
        if given != expected and not is_tool:
            return f'its record has {name}="{" ".join(given)}", and here it is "{" ".join(expected)}"'
    return None


def _differing_feature(recorded, config):
    left_out = set(" ".join(current.LEFT_OUT_FEATURES.values()).split())
    differing = (set(recorded.split()) ^ set(config.features)) - left_out
    return f"its record has other FEATURES: {' '.join(sorted(differing))}" if differing else None


def _differing_flag(recorded, settings):
    implicit = set(settings.get("IUSE_IMPLICIT", "").split())
    differing = implicit.intersection(set(recorded.split()) ^ set(settings.get("USE", "").split()))
    return f"its record has other implicit USE flags: {' '.join(sorted(differing))}" if differing else None


def _differing_repository(recorded, cpv, settings):
    portdb = portage.db[settings["EROOT"]]["porttree"].dbapi
    _, location = portdb.findname2(cpv)
    if location is None:
        return "its ebuild is in no repository any more"
    name = portdb.getRepositoryName(location)
    if recorded != name:
        return f"it is from the repository {recorded}, and its ebuild is in {name} now"
    if settings.repositories[name].eclass_overrides:
        return "it does not record the repositories of its eclasses"
    return None


def why_unproven(path, data, settings):
    """Why a package does not prove that it was built with the present settings; None if it does. Its metadata are `data`."""
    if "savedconfig" in data["INHERITED"].split():
        return "it does not record its saved configuration"
    cpv = f"{data['CATEGORY']}/{data['PF']}"
    config = portage.config(clone=settings)
    config.setcpv(_pkg_str(cpv, metadata=data, settings=settings), mydb=data)
    recorded = _read_environment(path, settings)
    if not recorded:
        return "it does not record its environment"
    return (
        _differing_repository(data["repository"], cpv, settings)
        or _differing_feature(data["FEATURES"], config)
        or _differing_flag(data["USE"], settings)
        or _differing_variable(recorded, config, dict(current.find_variables(settings)), data["repository"])
    )
