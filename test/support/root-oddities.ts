/**
 * Makes `/odd` in a root, with all kinds of files that an archive may lose. It has no arguments. It is Python, because a stage
 * has no setfattr.
 */
export const makeOddities = `
import os, socket, struct

def acl(*entries):
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)

nobody = 0xffffffff
for_group = acl((1, 7, nobody), (4, 5, nobody), (8, 6, 4321), (0x10, 7, nobody), (0x20, 0, nobody))
for_user = acl((1, 6, nobody), (2, 4, 1234), (4, 4, nobody), (0x10, 4, nobody), (0x20, 0, nobody))

os.mkdir("/odd")
os.chdir("/odd")

def make(name, text="text", mode=0o644):
    with open(name, "w") as file:
        file.write(text)
    os.chmod(name, mode)

for name in (b"two\\nlines", b"\\xff\\xfe\\x80", b"-rf", b"--exclude=odd", b" blank ", b"quote'\\"\\\\", b"star*?[a]", b"e" * 255):
    make(name)
deep = b"/odd"
for letter in (b"a", b"b", b"\\xc3"):
    deep += b"/" + letter * 250
    os.mkdir(deep)
make(deep + b"/" + b"\\xf0" * 200, "deep")
for name in ("hard-1", "hard-2"):
    make(name, name)
    for number in range(3):
        os.link(name, f"/opt/{name}-link-{number}")
make("setuid", mode=0o6755)
make("sticky", mode=0o1600)
make("none", mode=0)
make("owned")
os.chown("owned", 4000000000, 3000000)
make("before-1970")
os.utime("before-1970", ns=(-1500000001, -1500000001))
make("far", "")
os.utime("far", ns=(1, 9999999999_123456789))
os.symlink("no\\nwhere", "link")
os.lchown("link", 77, 78)
os.utime("link", ns=(5, 1234567890_000000001), follow_symlinks=False)
os.mkfifo("fifo", 0o640)
os.mknod("character", 0o20604, os.makedev(1, 3))
os.mknod("block", 0o60660, os.makedev(7, 300))
os.mkdir("empty", 0o750)
os.mkdir("setgid")
os.chmod("setgid", 0o2775)
handle = os.open("sparse", os.O_CREAT | os.O_RDWR, 0o600)
os.pwrite(handle, b"middle" * 2000, 500 << 20)
os.ftruncate(handle, 1 << 30)
os.close(handle)
handle = os.open("hole", os.O_CREAT | os.O_RDWR, 0o600)
os.ftruncate(handle, 100 << 20)
os.close(handle)
make("capable")
os.setxattr("capable", "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))
make("attributed")
os.setxattr("attributed", "user.text", b"value")
os.setxattr("attributed", "user.odd=name %", b"\\x00\\xff\\n= binary")
os.setxattr("attributed", "user.empty", b"")
os.setxattr("sparse", "user.of", b"sparse")
os.setxattr("empty", "user.of", b"directory")
make("controlled")
os.setxattr("controlled", "system.posix_acl_access", for_user)
os.mkdir("inherited")
make("inherited/before")
os.setxattr("inherited", "system.posix_acl_access", for_group)
os.setxattr("inherited", "system.posix_acl_default", for_group)
make("inherited/after")
os.mkdir("inherited/deeper")
socket.socket(socket.AF_UNIX).bind("socket")
os.utime("inherited", ns=(3, 1000000000_000000003))
for path in ("/tmp", "/var/tmp", "/run", "/var/cache/edb", "/var/cache/binhost", "/dev"):
    os.makedirs(path, exist_ok=True)
    make(f"{path}/left-out")
    make(f"{path}/.left-out")
os.makedirs("/srv/tmp")
make("/srv/tmp/kept")
os.makedirs("/srv/proc")
make("/srv/proc/kept")
os.sync()
`;

/**
 * Prints, as a JSON object by path (bytes as backslash-escaped text), all files below a root that an archive of the root may
 * contain. Arguments: the root, then the paths to leave out; `PATH/` leaves out only the contents of a directory.
 */
export const listRoot = `
import hashlib, json, os, stat, sys

root, *left_out = map(os.fsencode, sys.argv[1:])
found, groups = {}, {}

def show(data):
    return data.decode("ascii", "backslashreplace")

def digest(path):
    sum = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            sum.update(block)
    return sum.hexdigest()

def walk(path, name):
    state = os.lstat(path)
    if stat.S_ISSOCK(state.st_mode) or name in left_out:
        return
    entry = {"mode": oct(state.st_mode), "owner": [state.st_uid, state.st_gid], "modified": str(state.st_mtime_ns)}
    entry["attributes"] = {
        attribute: show(os.getxattr(path, attribute, follow_symlinks=False))
        for attribute in sorted(os.listxattr(path, follow_symlinks=False))
    }
    if stat.S_ISREG(state.st_mode):
        entry["size"] = state.st_size
        entry["blocks"] = state.st_blocks if name.startswith(b"/odd/") else state.st_blocks * 512 < state.st_size
        entry["digest"] = digest(path)
    if stat.S_ISLNK(state.st_mode):
        entry["target"] = show(os.readlink(path))
    if stat.S_ISCHR(state.st_mode) or stat.S_ISBLK(state.st_mode):
        entry["device"] = [os.major(state.st_rdev), os.minor(state.st_rdev)]
    if not stat.S_ISDIR(state.st_mode):
        entry["links"] = state.st_nlink
        groups.setdefault(state.st_ino, []).append(show(name))
        entry["group"] = groups[state.st_ino]
    if name + b"/" in left_out:
        entry["modified"] = "any"
    found[show(name)] = entry
    if stat.S_ISDIR(state.st_mode) and not (name + b"/" in left_out and root == b"/"):
        for child in sorted(os.listdir(path)):
            walk(os.path.join(path, child), name.rstrip(b"/") + b"/" + child)

walk(root, b"/")
print(json.dumps(found))
`;
