"""Prints what Portage's own readers make of the files of each case of a JSON list on standard input.

A case is {"reader": NAME, "files": {PATH: CONTENT}}; a content is the text of a file, {"base64": BYTES} or {"link": TARGET}. The files are
written below a new directory, for which "@" stands in "@/" of a text or a target. The answer is that of the reader, or {"error": TEXT} if
Portage raises an error. The first argument is a shell program that defines `is_repository`, the second is the module sources.py.
"""

import argparse
import ast
import base64
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import _emerge.depgraph
import _emerge.main
import portage._sets
from portage._sets.files import StaticFileSet
from portage.const import VCS_DIRS
from portage.manifest import Manifest
from portage.package.ebuild._config.LocationsManager import LocationsManager
from portage.package.ebuild._config.UserPatches import UserPatches
from portage.repository.config import RepoConfig
from portage.util import _recursive_file_list, getconfig, grabdict_package


def find_own_function(module, name):
    """A function that is defined inside another one, from the source of its module."""
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            code = compile(ast.Module(body=[node], type_ignores=[]), module.__file__, "exec")
            found = {**vars(module), "VCS_DIRS": VCS_DIRS}
            exec(code, found)
            return found[name]
    raise LookupError(name)


find_config_file = find_own_function(_emerge.depgraph, "find_config_file")
sources = types.ModuleType("sources")
exec(sys.argv[2], vars(sources))


def read_set(place):
    """The atoms and the sets of a set file, and the lines that are neither, from 1."""
    found = StaticFileSet(os.path.join(place, "set"))
    found.load()
    lines = [int(re.search(r"at line: (\d+)", error)[1]) for error in found.errors]
    return {
        "atoms": sorted(map(str, found._atoms)),
        "sets": sorted(found._nonatoms),
        "refused": lines,
    }


def configuration(place, *names):
    return os.path.join(place, "etc/portage", *names)


def trees_of(place):
    treemap = {"mine": place, "other": os.path.join(place, "other")}
    repositories = [types.SimpleNamespace(location=location) for location in treemap.values()]
    ebuilds = types.SimpleNamespace(treemap=treemap, repositories=repositories)
    installed = types.SimpleNamespace(dbapi=types.SimpleNamespace())
    return {"porttree": types.SimpleNamespace(dbapi=ebuilds), "vartree": installed}


def read_sets(place):
    """The names of the sets in /etc/portage/sets."""
    return sorted(StaticFileSet.multiBuilder({}, {"PORTAGE_CONFIGROOT": place}, trees_of(place)))


def read_sets_conf(place):
    """The names of the sets of two repositories and of the user that have no slash."""
    portage._sets.GLOBAL_CONFIG_PATH = "/nonexistent"
    roots = dict.fromkeys(("EROOT", "ROOT"), "/")
    settings = {
        **roots,
        "EPREFIX": "",
        "PORTAGE_CONFIGROOT": os.path.join(place, "configuration/"),
    }
    found = portage._sets.load_default_config(settings, trees_of(place)).getSets()
    return sorted(name for name in found if "/" not in name)


def read_repository(place):
    """The name of a repository; null if it has none, so that its directory gives it one."""
    found = RepoConfig(None, {"location": place})
    return {"name": None if found.missing_repo_name else found.name}


def read_package_env(place):
    """The values of PORTAGE_TMPDIR in the files that package.env names."""
    found = grabdict_package(
        configuration(place, "package.env"),
        recursive=1,
        allow_wildcard=True,
        allow_repo=True,
        allow_build_id=True,
    )
    paths = {configuration(place, "env", name) for names in found.values() for name in names}
    values = [(getconfig(path, allow_sourcing=True) or {}).get("PORTAGE_TMPDIR") for path in sorted(paths)]
    return sorted({value for value in values if value})


def read_profile(place):
    """The directories of the profile; an empty list if Portage ignores it."""
    manager = LocationsManager(config_root=place, eprefix="", target_root="/")
    with contextlib.suppress(FileNotFoundError):
        manager.load_profiles([], [])
    return [os.path.relpath(path, place) for path in manager.profiles]


def read_patches(place):
    """The error with which emerge ends because of a patch."""
    UserPatches(configuration(place))


def read_config_file(place):
    return os.path.relpath(find_config_file(configuration(place), "package.use"), configuration(place))


def read_list(place):
    return [os.path.relpath(path, configuration(place)) for path in _recursive_file_list(configuration(place, "make.conf"))]


def read_manifest(place):
    """What Portage reads of the sources, and what our digest covers of them."""
    found = Manifest(place, distdir="/nonexistent")
    names = sorted(found.fhashdict["DIST"])
    try:
        ours = sorted({words[1] for words in sources.checksums(place, names)})
    except UnicodeError as error:
        ours = [f"{type(error).__name__}"]
    return {"theirs": names, "ours": ours}


class Parsed(Exception):
    """Carries what emerge's own parser of options has read."""


def parse_as_emerge(words):
    """The parser of emerge, and its answer."""

    def parse(parser, args):
        raise Parsed(parser, original(parser, args))

    original = argparse.ArgumentParser.parse_intermixed_args
    argparse.ArgumentParser.parse_intermixed_args = parse
    try:
        _emerge.main.parse_opts(words)
    except Parsed as parsed:
        return parsed.args
    finally:
        argparse.ArgumentParser.parse_intermixed_args = original
    raise AssertionError("emerge parses its options in another way")


def options_of(line):
    """The options of a line with their last values; null if emerge refuses it."""
    try:
        _, found = parse_as_emerge(shlex.split(line))
    except (SystemExit, ValueError):
        return None
    given = {name: value for name, value in vars(found).items() if value not in (None, False, [])}
    del given["regex_search_auto"]
    given.pop("positional_args", None)
    last = {name: value[-1] if isinstance(value, list) else str(value) for name, value in given.items()}
    return sorted([f"--{name.replace('_', '-')}", value] for name, value in last.items())


def read_emerge(place):
    return [options_of(line) for line in Path(place, "options").read_text(encoding="utf-8").split("\n")]


def read_emerge_options(_place):
    """The options of emerge, with the words that each may take for its value."""
    parser, _ = parse_as_emerge([])
    shorts = {action.dest: name[1] for action in parser._actions for name in action.option_strings if len(name) == 2}
    candidates = ["y", "n", "4", "0.5", "rdeps", "text"]

    def values(action, name):
        if action.nargs == 0:
            return "none"
        if _emerge.main.insert_optional_args([name]) == [name]:
            return "required"
        return [word for word in candidates if len(_emerge.main.insert_optional_args([name, word])) == 2]

    aliases = {"--cols", "--skip-first"}
    found = [
        {"name": name, "short": None if name in aliases else shorts.get(action.dest), "values": values(action, name)}
        for action in parser._actions
        for name in action.option_strings
        if name.startswith("--")
    ]
    return sorted(found, key=lambda option: option["name"])


READERS = {
    "set": read_set,
    "sets": read_sets,
    "sets.conf": read_sets_conf,
    "repository": read_repository,
    "package.env": read_package_env,
    "profile": read_profile,
    "user profile": read_profile,
    "patches": read_patches,
    "package.use": read_config_file,
    "make.conf": read_list,
    "Manifest": read_manifest,
    "emerge": read_emerge,
    "emerge options": read_emerge_options,
}


def bytes_of(content, place):
    if isinstance(content, dict):
        return base64.b64decode(content["base64"])
    return content.replace("@/", f"{place}/").encode()


def write(files, place):
    for name, content in files.items():
        path = os.path.join(place, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(content, dict) and "link" in content:
            os.symlink(content["link"].replace("@/", f"{place}/"), path)
        else:
            Path(path).write_bytes(bytes_of(content, place))


def answer(reader, place):
    try:
        return READERS[reader](place)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    cases = json.load(sys.stdin)
    with (
        tempfile.TemporaryDirectory() as top,
        contextlib.redirect_stderr(io.StringIO()),
    ):
        places = [os.path.join(os.path.realpath(top), str(index)) for index in range(len(cases))]
        answers = []
        for place, case in zip(places, cases, strict=True):
            os.mkdir(place)
            write(case["files"], place)
            answers.append(answer(case["reader"], place))
        script = f'{sys.argv[1]}\nfor tree; do is_repository "$tree" && echo yes || echo no; done'
        repositories = [index for index, case in enumerate(cases) if case["reader"] == "repository"]
        told = subprocess.run(
            ["sh", "-c", script, "sh", *(places[index] for index in repositories)],
            capture_output=True,
            check=True,
            text=True,
        ).stdout.split()
        for index, word in zip(repositories, told, strict=True):
            answers[index]["shell"] = word == "yes"
    json.dump(answers, sys.stdout)


main()
