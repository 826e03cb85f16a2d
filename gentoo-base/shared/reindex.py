"""reindex: lets Portage write the index of a directory of binary packages again. check-store.py imports it as a module.

Portage ends with a traceback if it cannot read one of the files, for example because gpg is missing. The program of the new process
therefore hides such files from it: they stay where they are, without an entry in the index, so that no emerge tries to use them.
"""

import glob
import hashlib
import os
import subprocess
import sys

# Runs `emaint --fix binhost`. Each argument is the path of a file that Portage does not see.
PROGRAM = """
import os
import sys

hidden = set(sys.argv[1:])
walk = os.walk


def walk_visible(top, *args, **kwargs):
    for parent, directories, names in walk(top, *args, **kwargs):
        yield parent, directories, [name for name in names if os.fsdecode(os.path.join(parent, name)) not in hidden]


# Portage looks for packages with this function.
os.walk = walk_visible

import portage

portage._internal_caller = True
from portage.emaint.main import emaint_main

emaint_main(["--fix", "binhost"])
"""


def write_index(hidden):
    """Writes the index of PKGDIR, under Portage's own locks, without the hidden files, and returns whether Portage did. What Portage
    prints goes to standard error.
    """
    # Portage reads each package that it adds, and nobody signs these.
    features = f"{os.environ.get('FEATURES', '')} -binpkg-request-signature binpkg-ignore-signature"
    command = [sys.executable, "-I", "-c", PROGRAM, *hidden]
    return subprocess.run(command, stdout=sys.stderr, check=False, env={**os.environ, "FEATURES": features}).returncode == 0


def digest_moves(settings):
    """Identifies the package moves of the trees (profiles/updates); empty if there are none, or if Portage applies none to this root."""
    places = [os.path.join(glob.escape(repo.location), "profiles/updates/*") for repo in settings.repositories]
    files = sorted(path for place in places for path in glob.glob(place) if os.path.isfile(path))
    if not files or settings["ROOT"] != "/":
        return ""
    digest = hashlib.sha256()
    for path in files:
        with open(path, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def apply_moves():
    """Applies package moves to the packages of PKGDIR: an emerge that has these read-only cannot do it."""
    program = "import portage; portage._internal_caller = True; import portage.emaint.main as m; m.emaint_main(['--fix', 'movebin'])"
    subprocess.run([sys.executable, "-I", "-c", program], stdout=sys.stderr, check=False)
