import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { shellProgram } from '../../container-program.ts';
import { Failure, Failures, type Place } from '../../failure.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { readFollowing } from '../../engine/follow-links.ts';
import type { Probe } from '../../container/probe.ts';
import type { Remark } from '../../portage/configuration/make-conf-tokens.ts';
import { findRootFaults } from '../../portage/configuration/root-variables.ts';
import { readMakeConf, type MakeConf, type MakeConfFile } from '../../portage/configuration/make-conf.ts';
import { isDirectorySetting, readSettingFiles, type SettingsDirectory } from './setting-files.ts';

const maximumSize = 1024 ** 2;
const directory = '/etc/portage';

/** The name of a user's make.conf in a base whose make.conf is a directory. It sorts last, because Portage lets the last file win. */
const lastMakeConf = 'make.conf/zz-gentoo-builder.conf';

/** A file given as --make-conf. */
export interface GivenMakeConf {
  /** The path in the file system of the builder. */
  readonly path: string;
  readonly text: string;
}

/**
 * Reads the make.conf of the user. Refuses a file that cannot be a make.conf, or at which emerge would fail, before a container is
 * started. Files that it sources are not read here, because only the base has them.
 */
export async function readGivenMakeConf(path: string | undefined): Promise<GivenMakeConf | undefined> {
  if (path === undefined) return undefined;
  const text = await readText(path);
  const failures = findFaults(readMakeConf([{ path, text }])).map((fault) => makeConfFailure(fault));
  const [first, ...others] = failures;
  if (first) throw new Failures([first, ...others]);
  return { path, text };
}

/** A line of make.conf that is refused, and the reason for a hint. */
interface Fault extends Remark {
  readonly place: Place;
  readonly why: string;
}

/** The lines at which emerge would fail, and those that name another root. */
function findFaults(makeConf: MakeConf): readonly Fault[] {
  return [
    ...makeConf.faults.map((fault) => ({ ...fault, why: 'emerge fails at this line: correct' })),
    ...findRootFaults(makeConf).map((fault) => ({
      ...fault,
      why: 'a build is for the root of its container: remove the line from',
    })),
  ];
}

/** The failure of a given make.conf at a position. */
function makeConfFailure({ place, message, why }: Fault): Failure {
  return new Failure('usage', `${place.file}:${place.line}:${place.column}: ${message}`, {
    place,
    hint: `${why} the file that is given as --make-conf`,
  });
}

async function readText(path: string): Promise<string> {
  const unusable = (why: string, cause?: unknown) =>
    new Failure('usage', `failed to read the make.conf ${path}: ${why}`, {
      hint: 'the path is one in the container in which gentoo-builder runs; mount the file there: -v "$PWD/make.conf:/make.conf:ro" ... --make-conf /make.conf',
      cause,
    });
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw unusable('it is not a file');
    if (stats.size > maximumSize) throw unusable(`it has ${stats.size} bytes, and at most ${maximumSize} are allowed`);
    const content = await readFile(path);
    if (content.includes(0)) throw unusable('it has NUL bytes, so it is not a text file');
    return content.toString('utf8');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw unusable(error instanceof Error ? error.message : String(error), error);
  }
}

/** Replaces the make.conf of the base in the container. If the base has a directory make.conf, the file is added to it. */
export async function installMakeConf(session: ContainerSession, path: string): Promise<void> {
  const program = new URL('./make-conf-kind.sh', import.meta.url);
  const command = shellProgram(program, 'gentoo-builder-kind', `${directory}/make.conf`);
  const { stdout } = await session.run({ command });
  const archive = pack();
  const name = stdout.trim() === 'directory' ? lastMakeConf : 'make.conf';
  archive.entry({ name, mode: 0o644 }, await readFile(path));
  archive.finalize();
  await session.unpack(directory, Readable.from(archive));
}

/** The make.conf that a build with a base uses. */
export interface BaseMakeConf extends Pick<MakeConf, 'variables' | 'notes'> {
  /** Gives a remark about the file that the user gave the path of this file, instead of the path at which it is installed. */
  readonly inUserFile: <Said extends Remark>(said: Said) => Said;
  /** The files in the order in which Portage reads them, without those that they source. */
  readonly files: readonly MakeConfFile[];
}

/**
 * Reads the make.conf of a base as Portage will read it in the build: with the file that the user gave, and with sourced files.
 * `own` is /etc/portage. Throws the faults at which emerge would fail: `usage` in the user's file, otherwise
 * `base-unusable`.
 */
export async function readBaseMakeConf(
  probe: Probe,
  own: SettingsDirectory,
  { base, given }: { readonly base: string; readonly given: GivenMakeConf | undefined },
): Promise<BaseMakeConf> {
  const files = await makeConfFiles(probe, own, given?.text);
  const installed = given && files.at(-1)?.path;
  const inUserFile = <Said extends Remark>(said: Said): Said =>
    given && said.place.file === installed ? { ...said, place: { ...said.place, file: given.path } } : said;
  const made = await readWithSources(probe, files);
  const [first, ...others] = findFaults(made)
    .map(inUserFile)
    .map((fault) => {
      const { place, message, why } = fault;
      if (place.file === given?.path) return makeConfFailure(fault);
      const text = `failed to use the base ${base}: ${place.file}:${place.line}:${place.column}: ${message}`;
      return new Failure('base-unusable', text, { hint: `${why} the file in the base` });
    });
  if (first) throw new Failures([first, ...others]);
  return { files, inUserFile, variables: made.variables, notes: made.notes.map((note) => inUserFile(note)) };
}

async function makeConfFiles(
  probe: Probe,
  own: SettingsDirectory,
  given: string | undefined,
): Promise<readonly MakeConfFile[]> {
  const isDirectory = isDirectorySetting(own, 'make.conf');
  const added =
    given === undefined ? [] : [{ path: `${directory}/${isDirectory ? lastMakeConf : 'make.conf'}`, text: given }];
  if (given !== undefined && !isDirectory) return added;
  return [...(await readSettingFiles(probe, own, 'make.conf')), ...added];
}

/** Reads the files with all files that they source; asks the probe for those that are missing until none is. */
async function readWithSources(probe: Probe, files: readonly MakeConfFile[]): Promise<MakeConf> {
  const sources = new Map<string, { readonly text: string } | undefined>();
  for (;;) {
    const wanted = new Set<string>();
    const made = readMakeConf(files, {
      readSource: (path) => {
        if (sources.has(path)) return sources.get(path);
        wanted.add(path);
        return 'unknown';
      },
    });
    if (wanted.size === 0) return made;
    for (const path of wanted) {
      const text = await readFollowing(probe, path);
      sources.set(path, text === undefined ? undefined : { text });
    }
  }
}
