/** A mount in a container: its absolute path, and whether it stands on a directory or on a file. */
export interface MountPoint {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** What of a root has to be seen from within before it can be archived. */
export interface RootSurvey {
  readonly mounts: readonly MountPoint[];
  /** What GNU tar said of being asked for all that is needed: nothing where it can do it; that there is no tar. */
  readonly complaints: readonly string[];
  /** Files at a place where an engine makes one if the image has none, and which it made. */
  readonly engineFiles: readonly string[];
}

/**
 * Directories of which an archive has only themselves. `proc`, `sys`, `dev` and `run` are filled when a system starts. What is in
 * `tmp` and `var/tmp` belongs to processes of the build that are gone. The rest are Portage's caches, which it makes again:
 * of `var/cache/edb` even the counter of merges, which it then takes from the installed packages.
 */
const emptied = [
  'proc',
  'sys',
  'dev',
  'run',
  'tmp',
  'var/tmp',
  'var/cache/edb',
  'var/cache/binhost',
  'var/cache/binpkgs',
  'var/cache/distfiles',
] as const;

const surveyProgram = `
import json, os, re, subprocess, sys

root, *options = sys.argv[1:]

def unescape(text):
    return re.sub(rb"\\\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), text)

def made_by_engine():
    """Docker makes this link together with the file that is its mark, before anything runs."""
    try:
        if os.readlink("/etc/mtab") != "/proc/mounts":
            return False
        return abs(os.lstat("/etc/mtab").st_mtime - os.lstat("/.dockerenv").st_mtime) < 1
    except OSError:
        return False

with open("/proc/self/mountinfo", "rb") as file:
    paths = sorted({os.fsdecode(unescape(line.split()[4])) for line in file})
try:
    trial = subprocess.run(
        ["tar", "--create", "--file=/dev/null", "--files-from=/dev/null", *options],
        env={**os.environ, "LC_ALL": "C"}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )
    complaints = trial.stderr.decode(errors="replace").splitlines()
    if trial.returncode != 0 and not complaints:
        complaints = [f"tar: ended with {trial.returncode}"]
except OSError as error:
    complaints = [f"tar: {error.strerror}"]
print(json.dumps({
    "mounts": [{"path": path, "isDirectory": os.path.isdir(path)} for path in paths],
    "complaints": complaints,
    "engineFiles": ["/.dockerenv", *(["/etc/mtab"] if made_by_engine() else [])],
}))
`;

/**
 * What is asked of tar. Names are sorted by their bytes. In its headers of POSIX are times to the nanosecond, names of any
 * length and bytes, every extended attribute (tar(1) stores `user.*` like the others, and on reading leaves all but those out,
 * unless it is told `--xattrs-include='*'`), ACLs, holes. Access and change times are left out, as nothing can restore them.
 * A label of SELinux is the container's, given by the engine, and not the root's.
 */
const options = [
  '--format=posix',
  '--pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f',
  '--sort=name',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--xattrs-exclude=security.selinux',
  '--acls',
  '--no-selinux',
  '--sparse',
] as const;

/** Prints a {@link RootSurvey} as JSON. */
export function surveyCommand(root: string): readonly string[] {
  return ['python3', '-I', '-c', surveyProgram, root, ...options];
}

/**
 * The program ends with the connection, by end-of-file on its standard input, and sends back what it is sent there, so
 * that a watched connection is not silent. Its last line on standard error is `ended STATUS`; before it is tar's own count
 * of the bytes that it wrote.
 */
const archiveScript = `
exec 3<&0 </dev/null
{ cat <&3 >&2; kill 0; } &
LC_ALL=C tar "$@"
status=$?
echo "ended $status" >&2
trap '' TERM
kill 0
exit "$status"
`;

/**
 * Writes a tar of a root to standard output, and how that ended to standard error. Left out are the contents of
 * directories that are empty in every archive, what is mounted (of a directory its contents), and what the engine put there: what
 * the stage has below a mounted /etc/hosts cannot be seen from within. A mount point that is a directory has the mode and
 * owner of what is mounted there.
 */
export function archiveCommand(root: string, survey: RootSurvey): readonly string[] {
  const patterns = [
    ...emptied.map((path) => `./${path}/?*`),
    ...survey.engineFiles.flatMap((path) => within(root, path)),
    ...survey.mounts.flatMap(({ path, isDirectory }) =>
      within(root, path).map((pattern) => (isDirectory ? `${pattern}/?*` : pattern)),
    ),
  ];
  return [
    '/bin/sh',
    '-c',
    archiveScript,
    'zentoo-archive',
    '--create',
    '--file=-',
    '--totals',
    ...options,
    `--directory=${root}`,
    '--anchored',
    '--wildcards',
    '--wildcards-match-slash',
    ...[...new Set(patterns)].map((pattern) => `--exclude=${pattern}`),
    '.',
  ];
}

/** A path as a pattern of tar's for a member below the root; none for the root itself and what is not in it. */
function within(root: string, path: string): readonly string[] {
  const start = root.endsWith('/') ? root : `${root}/`;
  if (!path.startsWith(start) || path === start) return [];
  return [`./${path.slice(start.length).replaceAll(/[\\*?[\]]/g, String.raw`\$&`)}`];
}

/** How a run of {@link archiveCommand} ended, by what it wrote to standard error; undefined where that has no end. */
export function readArchiveEnd(stderr: string): { status: number; written: number | undefined } | undefined {
  const status = /(?:^|\n)ended (\d+)\n+$/.exec(stderr)?.[1];
  if (status === undefined) return undefined;
  const written = /(?:^|\n)Total bytes written: (\d+) /.exec(stderr)?.[1];
  return { status: Number(status), written: written === undefined ? undefined : Number(written) };
}

/** What tar itself said, for people: without its count, keep-alive lines and the sockets, which no archive has. */
export function archiveComplaints(stderr: string): readonly string[] {
  const own = /^(?:ended \d+|Total bytes written: .*|)$|: socket ignored$/;
  return stderr.split('\n').filter((line) => !own.test(line));
}
