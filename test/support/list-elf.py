"""list-elf DIRECTORY: prints each ELF file below DIRECTORY, but not on other file systems: path, interpreter, needed libraries."""

import os
import struct
import sys

top = sys.argv[1]
device = os.stat(top).st_dev


def describe(data):
    offset, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    heads = [struct.unpack_from("<IIQQQQQQ", data, offset + n * size) for n in range(count)]

    def place_of(address):
        return next(address - head[3] + head[2] for head in heads if head[0] == 1 and head[3] <= address < head[3] + head[5])

    def text_at(start):
        return data[start : data.index(b"\0", start)].decode()

    interpreter = [text_at(head[2]) for head in heads if head[0] == 3]
    pairs = [struct.unpack_from("<QQ", data, head[2] + n) for head in heads if head[0] == 2 for n in range(0, head[5], 16)]
    strings = [place_of(value) for tag, value in pairs if tag == 5]
    return [*(interpreter or ["-"]), *(text_at(strings[0] + value) for tag, value in pairs if tag == 1)]


for directory, names, files in os.walk(top):
    names[:] = [name for name in names if os.lstat(os.path.join(directory, name)).st_dev == device]
    for name in files:
        path = os.path.join(directory, name)
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            data = file.read()
        if data[:4] == b"\x7fELF":
            print(path[len(top) :], *describe(data))
