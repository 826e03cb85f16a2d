"""verdict: says whether a file of the store is whole, broken, or cannot be verified here. check-store.py imports it as a module.

The rule that this module owns: unverifiable is not broken. A file is broken only if its own bytes prove it: it is no archive of
packages, or it contradicts the checksums that it or its index has. Whatever else prevents the reading says something about this
container, and nothing about the file: Portage demands a signature, gpg or a decompressor is missing, the disk has an error. Such a
file stays where it is.
"""

import hashlib
import os
import tarfile

import portage

# The checksums in a Manifest. Portage refuses a package that differs from one of them.
HASHES = {"BLAKE2B": "blake2b", "SHA512": "sha512", "SHA256": "sha256", "SHA1": "sha1", "MD5": "md5"}
BLOCK = 1024 * 1024
# A Manifest has a few lines, and perhaps a signature.
LONGEST_MANIFEST = 4 * BLOCK
# The files of a package, without the endings of a compression and a signature. GLEP 78 has the format.
PARTS = {"gpkg-1", "metadata", "image", "Manifest"}
NO_PACKAGE = "it is no binary package, or only a part of one"


class Broken(Exception):
    """The bytes of the file prove that it is not the package that was written."""


class Unverifiable(Exception):
    """The file cannot be read in this container, which proves nothing."""


def _hash(file, *names):
    # Not for security: FIPS builds of Python refuse md5 otherwise.
    digests = [hashlib.new(name, usedforsecurity=False) for name in names]
    while block := file.read(BLOCK):
        for digest in digests:
            digest.update(block)
    return [digest.hexdigest() for digest in digests]


def _read_manifest(container, members):
    """The record of each file in a package: its size, and its checksums by name. A signature around the text is no part of it."""
    member = members.get("Manifest")
    if member is None or not member.isreg() or member.size > LONGEST_MANIFEST:
        raise Broken(NO_PACKAGE)
    try:
        text = container.extractfile(member).read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("its Manifest is no text") from error
    records = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) > 2 and words[0] == "DATA":
            records[words[1]] = (words[2], dict(zip(words[3::2], words[4::2])))
    return records


def _check_member(container, name, member, record):
    if record is None or not member.isreg():
        raise Broken(f"its {name} is not in its Manifest")
    size, sums = record
    if str(member.size) != size:
        raise Broken(f"its {name} has another size than its Manifest says")
    known = [word for word in HASHES if word in sums]
    if not known:
        raise Unverifiable(f"its Manifest has no checksum of {name} that is known here")
    if _hash(container.extractfile(member), *(HASHES[word] for word in known)) != [sums[word].lower() for word in known]:
        raise Broken(f"its {name} does not match the checksum in its Manifest")


def _find_members(container):
    """The files of a package by name. All are in one directory."""
    members = {os.path.basename(member.name): member for member in container.getmembers()}
    if len(members) != len(container.getmembers()):
        raise Broken("it has two files of one name")
    if len({os.path.dirname(member.name) for member in members.values()}) > 1:
        raise Broken("its files are in several directories")
    return members


def _check_gpkg(path):
    """Checks everything in a package of the format gpkg against its own Manifest."""
    with tarfile.open(path, "r:") as container:
        members = _find_members(container)
        records = _read_manifest(container, members)
        for name, member in members.items():
            if name != "Manifest":
                _check_member(container, name, member, records.get(name))
        for name in records:
            if name not in members:
                raise Broken(f"its {name} is missing")
    missing = PARTS - {name.split(".")[0] for name in members}
    if missing:
        raise Broken(f"its {min(missing)} is missing")


def _check_xpak(path):
    """A package of the format xpak has no checksums: only its end tells a whole one from a part of one."""
    with open(path, "rb") as file:
        file.seek(-min(16, os.stat(path).st_size), os.SEEK_END)
        trailer = file.read()
    if not (trailer.startswith(b"XPAKSTOP") and trailer.endswith(b"STOP")):
        raise Broken(NO_PACKAGE)


def check_content(path):
    """Reads the whole file. Raises Broken or Unverifiable."""
    try:
        if path.endswith(".gpkg.tar"):
            _check_gpkg(path)
        else:
            _check_xpak(path)
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:  # What tarfile meets in damaged headers.
        raise Broken(NO_PACKAGE) from error
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unverifiable(f"it cannot be read: {error.strerror}") from error


def check_image(path, settings):
    """Unpacks the files of a package, and drops them. Checksums fit a package, too, that its writer packed wrongly. Raises Broken or
    Unverifiable.
    """
    if not path.endswith(".gpkg.tar"):
        return
    try:
        package = portage.gpkg.gpkg(settings, None, path)
        with tarfile.open(path, "r:") as container:
            member, compression = package._get_inner_tarinfo(container, "image")
            command = package._get_decompression_cmd(compression)
            packed = container.extractfile(member)
            with portage.gpkg.tar_stream_reader(packed, command) as stream, tarfile.open(mode="r|", fileobj=stream) as image:
                for _ in image:
                    pass
    except (tarfile.TarError, EOFError) as error:
        raise Broken(f"its files cannot be unpacked: {error}") from error
    except Exception as error:  # Portage's own interface, and a decompressor that may be missing.
        raise Unverifiable(f"its files cannot be unpacked here: {' '.join(str(error).split())}") from error


def check_against_index(path, entry):
    """Compares the whole file with the checksums of its entry in Packages, and returns whether they are right.

    Portage refuses a package that differs from one of them. If all differ, the file is Broken; if only some do, the index is wrong.
    """
    with open(path, "rb") as file:
        sums = dict(zip(("MD5", "SHA1"), _hash(file, "md5", "sha1")))
    recorded = [name for name in sums if entry.get(name)]
    wrong = [name for name in recorded if entry[name].lower() != sums[name]]
    if wrong and wrong == recorded:
        raise Broken("it does not match its checksums in Packages")
    return not wrong


def without_signatures(settings):
    """A copy of the settings for reading packages that the product made: their content is checked, and nobody need sign them."""
    settings = portage.config(clone=settings)
    settings.unlock()
    settings.features.discard("binpkg-request-signature")
    settings.features.add("binpkg-ignore-signature")
    return settings


def read_metadata(path, settings, keys):
    """The metadata of a package whose content was checked: each key with a text, empty if the package has none. Raises
    Unverifiable. The settings are those of without_signatures.
    """
    try:
        if path.endswith(".gpkg.tar"):
            data = portage.gpkg.gpkg(settings, None, path).get_metadata()
            found = {key: data.get(key, b"") for key in keys}
        else:
            data = portage.xpak.tbz2(path).get_data()
            found = {key: data.get(key.encode(), b"") for key in keys}
    except Exception as error:  # Portage raises whatever its parsers and helpers meet.
        said = " ".join(str(error).split()) or type(error).__name__
        raise Unverifiable(f"Portage cannot read it here: {said}") from error
    return {key: " ".join(value.decode("utf-8", "replace").split()) for key, value in found.items()}
