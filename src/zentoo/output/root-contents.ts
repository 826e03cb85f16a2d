import * as v from 'valibot';
import { pythonProgram, shellProgram } from '../../container-program.ts';

/** A mount in a container: its absolute path, and whether that is a directory or a file. */
export interface RootMount {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** The state of a root that has to be known before it is archived, as seen from inside the container. */
export interface RootSurvey {
  readonly mounts: readonly RootMount[];
  /** The messages of GNU tar about needed options that it does not support; empty if it supports all. */
  readonly complaints: readonly string[];
  /** Files that the engine made because the image has none at that path. */
  readonly engineFiles: readonly string[];
}

/** The output of `survey-root.py`. */
export const rootSurveySchema = v.object({
  mounts: v.array(v.object({ path: v.string(), isDirectory: v.boolean() })),
  complaints: v.array(v.string()),
  engineFiles: v.array(v.string()),
});

/**
 * Directories that are empty in an archive. `proc`, `sys`, `dev` and `run` are filled when a system starts. The files in `tmp` and
 * `var/tmp` belong to processes of the build that have ended. The others are caches that Portage makes again, including the counter
 * of merges in `var/cache/edb`, which Portage then takes from the installed packages.
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

/**
 * The options of tar. Names are sorted by their bytes. The POSIX headers keep times to the nanosecond, names of any length and
 * any bytes, all extended attributes, ACLs and holes. When tar extracts, it restores only `user.*` attributes, unless it has
 * `--xattrs-include='*'` (tar(1)). Access and change times are left out, because nothing can restore them. SELinux labels are
 * left out, because the engine gives them to the container: they do not belong to the root.
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
  return pythonProgram(new URL('./survey-root.py', import.meta.url), root, ...options);
}

/**
 * The command that writes a tar of a root to standard output, and to standard error how tar ended. It leaves out the contents
 * of the directories that are empty in every archive, mounts (the contents of a mounted directory), and files that the engine
 * made. The stage's file below a mounted /etc/hosts cannot be read from inside. A mount point has the mode and owner of the
 * mount.
 */
export function archiveCommand(root: string, survey: RootSurvey): readonly string[] {
  const patterns = [
    ...emptied.map((path) => `./${path}/?*`),
    ...survey.engineFiles.flatMap((path) => within(root, path)),
    ...survey.mounts.flatMap(({ path, isDirectory }) =>
      within(root, path).map((pattern) => (isDirectory ? `${pattern}/?*` : pattern)),
    ),
  ];
  const tarOptions = [
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
  return shellProgram(new URL('./archive-root.sh', import.meta.url), 'zentoo-archive', ...tarOptions);
}

/**
 * The command that writes a tar of all files of a root to standard output. Standard error tells how tar ended, as for {@link
 * archiveCommand}. Other file systems that are mounted in the root are left out.
 */
export function importCommand(root: string): readonly string[] {
  const own = ['--one-file-system', '--numeric-owner', '--xattrs', '--acls'];
  const tarOptions = ['--create', '--file=-', '--totals', ...own, `--directory=${root}`, '.'];
  return shellProgram(new URL('./archive-root.sh', import.meta.url), 'zentoo-import', ...tarOptions);
}

/** The tar pattern for a path below the root; an empty list for the root itself and for paths outside. */
function within(root: string, path: string): readonly string[] {
  const start = root.endsWith('/') ? root : `${root}/`;
  if (!path.startsWith(start) || path === start) return [];
  return [`./${path.slice(start.length).replaceAll(/[\\*?[\]]/g, String.raw`\$&`)}`];
}

/**
 * Reads the exit status of tar, and the number of bytes that it wrote, from the standard error of {@link archiveCommand} or
 * {@link importCommand}. Returns undefined if the command was cut off before it wrote them.
 */
export function readArchiveEnd(stderr: string): { status: number; written: number | undefined } | undefined {
  const status = /(?:^|\n)ended (\d+)\n+$/.exec(stderr)?.[1];
  if (status === undefined) return undefined;
  const written = /(?:^|\n)Total bytes written: (\d+) /.exec(stderr)?.[1];
  return { status: Number(status), written: written === undefined ? undefined : Number(written) };
}

/** The messages of tar for the user, without its byte count, keep-alive lines, and sockets, which no archive contains. */
export function archiveComplaints(stderr: string): readonly string[] {
  const own = /^(?:ended \d+|Total bytes written: .*|)$|: socket ignored$/;
  return stderr.split('\n').filter((line) => !own.test(line));
}
