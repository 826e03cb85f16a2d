"""Prints what Portage's own readers make of each /etc/portage of a JSON list on standard input.

A configuration is an object: path below /etc/portage, then the text of the file, {"base64": BYTES} or {"link": TARGET}. The
answer has the variables of make.conf as emerge reads them (`strict`) and as Portage's other programs do (`tolerant`), null
where the reader raises an error, and the sections of repos.conf after those of the file that is the first argument, null if
they are damaged.
"""

import base64
import contextlib
import io
import json
import os
import shutil
import sys

from portage.util import _recursive_file_list, getconfig
from portage.util.configparser import ConfigParserError, SafeConfigParser, read_configs

ROOT = "/etc/portage"
KNOWN = {"EPREFIX": "", "EROOT": "/", "ESYSROOT": "/", "PORTAGE_CONFIGROOT": "/", "ROOT": "/", "SYSROOT": "/"}
KEYS = ("location", "sync-type", "sync-uri", "auto-sync")


def write(files):
    shutil.rmtree(ROOT, ignore_errors=True)
    for name, content in files.items():
        path = os.path.join(ROOT, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(content, dict) and "link" in content:
            os.symlink(content["link"], path)
        elif isinstance(content, dict):
            with open(path, "wb") as file:
                file.write(base64.b64decode(content["base64"]))
        else:
            with open(path, "wb") as file:
                file.write(content.encode())


def variables(tolerant):
    try:
        path = os.path.join(ROOT, "make.conf")
        return getconfig(path, tolerant, True, {"BROOT": "/", **KNOWN}, True) or {}, None
    except Exception as reason:
        return None, f"{type(reason).__name__}: {reason}"


def repositories(shipped):
    parser = SafeConfigParser(defaults={key: KNOWN[key] for key in ("EPREFIX", "EROOT", "PORTAGE_CONFIGROOT", "ROOT")})
    try:
        read_configs(parser, [shipped, *_recursive_file_list(os.path.join(ROOT, "repos.conf"))])
        # Portage reads all options of a section, so that each one can damage the file (RepoConfigLoader._parse).
        read = {name: {key: parser.get(name, key) for key in parser.options(name)} for name in parser.sections()}
        return {name: {key: options.get(key, "") for key in KEYS} for name, options in read.items()}
    except ConfigParserError:
        return None


shipped = "/tmp/repos.conf"
with open(shipped, "w") as file:
    file.write(sys.argv[1])
answers = []
with contextlib.redirect_stderr(io.StringIO()):
    for files in json.load(sys.stdin):
        write(files)
        strict, error = variables(False)
        tolerant, _ = variables(True)
        answers.append({"strict": strict, "tolerant": tolerant, "error": error, "repositories": repositories(shipped)})
json.dump(answers, sys.stdout)
