import { posix } from 'node:path';
import * as v from 'valibot';
import { readFollowing } from '../../engine/follow-links.ts';
import type { Probe } from '../../container/probe.ts';
import { parseJson } from '../../parse-json.ts';
import { nameSetOfFile, parseSetsConf, type SetSource } from '../../portage/configuration/repository-sets.ts';
import { isSetFile } from '../../site/read/package-set.ts';

type Files = Pick<Probe, 'stat' | 'readText' | 'listFiles'>;

/** The start of a line of {@link Probe.listFiles}: name and type. */
const listedFile = v.tuple([v.string(), v.string()]);

/** The tree of a repository in a probe. */
export interface ProbedTree {
  readonly name: string;
  /** The directory of the tree in a root, by which a `sets.conf` may name it. */
  readonly location: string;
  /** The directory of the tree in the probe. */
  readonly place: string;
}

/** A set that Portage finds by files of `sets.conf`. */
export interface ConfiguredSet {
  readonly name: string;
  /** The file that defines the set: `sets.conf`, or a set file with its directory. */
  readonly file: string;
  /** The repository whose `sets.conf` has a part of the set's section last; undefined if it is the user's own. */
  readonly repository: string | undefined;
}

/** The files in /etc/portage as far as they define sets. */
export interface OwnSetFiles {
  /** The texts of `sets.conf`. */
  readonly setsConf: readonly string[];
  /** The paths of all files in /etc/portage. */
  readonly paths: readonly string[];
}

const shipped = '/usr/share/portage/config/sets';

/**
 * Reads the sets that `sets.conf` of all repositories, in this order, and of the user define, as Portage does: with one parser after
 * the files that Portage ships (`load_default_config` in portage/_sets/__init__.py). Portage's own sets and sets whose names have a
 * slash are left out.
 */
export async function readConfiguredSets(
  probe: Files,
  trees: readonly ProbedTree[],
  own: OwnSetFiles,
): Promise<readonly ConfiguredSet[]> {
  const files = [
    ...(await readSetsConf(probe, shipped)).map((text) => ({ text, isShipped: true, repository: undefined })),
    ...(
      await Promise.all(
        trees.map(async ({ name, place }) =>
          (await readSetsConf(probe, `${place}/sets.conf`)).map((text) => ({
            text,
            isShipped: false,
            repository: name,
          })),
        ),
      )
    ).flat(),
    ...own.setsConf.map((text) => ({ text, isShipped: false, repository: undefined })),
  ];
  const sets = new Map<string, ConfiguredSet>();
  for (const source of parseSetsConf(files.map(({ text }) => text))) {
    const from = files[source.text];
    if (from === undefined || from.isShipped) continue;
    const { repository } = from;
    const add = (name: string, file: string) => sets.set(name, { name, file, repository });
    if (source.type === 'set') {
      const named = namedRepository.exec(source.path ?? '')?.[1];
      if (named === undefined || trees.some(({ name }) => name === named)) add(source.name, 'sets.conf');
    } else
      for (const file of await setFilesIn(probe, source, { trees, own }))
        add(nameSetOfFile(source.pattern, file), `${posix.basename(source.path)}/${file}`);
  }
  return [...sets.values()].filter(({ name }) => !name.includes('/'));
}

/** The texts of a setting of sets, which may be a directory, in the order in which Portage reads them. */
async function readSetsConf(probe: Files, path: string): Promise<readonly string[]> {
  const text = await readFollowing(probe, path);
  const names =
    text === undefined ? (await namesBelow(probe, path)).filter((name) => name.split('/').every(isRead)) : [];
  const texts = await Promise.all(names.toSorted(asWalked).map((name) => readFollowing(probe, `${path}/${name}`)));
  return [text, ...texts].filter((one) => one !== undefined);
}

const isRead = (name: string): boolean => !/^\.|~$/.test(name);

/** Orders paths as Python's `os.walk` does, with sorted names: the files of a directory stand before its directories. */
function asWalked(a: string, b: string): number {
  const [x, y] = [a.split('/'), b.split('/')];
  const at = x.findIndex((part, index) => part !== y[index]);
  const isFile = (parts: readonly string[]) => at === parts.length - 1;
  if (isFile(x) !== isFile(y)) return isFile(x) ? -1 : 1;
  return (x[at] ?? '') < (y[at] ?? '') ? -1 : 1;
}

const namedRepository = /\$\{repository:([^}$]+)\}/;

const configuration = '/etc/portage/';

/** The set files of a directory of sets, in the tree of a repository or in /etc/portage; none if the directory is in neither. */
async function setFilesIn(
  probe: Files,
  source: SetSource & { type: 'directory' },
  { trees, own }: { readonly trees: readonly ProbedTree[]; readonly own: OwnSetFiles },
): Promise<readonly string[]> {
  const path = posix.normalize(source.path);
  if (path.startsWith(configuration)) {
    const below = `${path.slice(configuration.length).replace(/\/$/, '')}/`;
    return own.paths
      .filter((file) => file.startsWith(below))
      .map((file) => file.slice(below.length))
      .filter(isNamed);
  }
  const directory = findDirectory(trees, source);
  return directory === undefined ? [] : (await namesBelow(probe, directory)).filter(isNamed);
}

/** Whether a set file has a name without a slash: no set of a site has one with a slash. */
function isNamed(name: string): boolean {
  return !name.includes('/') && isSetFile(name);
}

/** The place of a directory of sets in the probe; undefined if the directory is in none of the trees. */
function findDirectory(trees: readonly ProbedTree[], { path }: SetSource & { type: 'directory' }): string | undefined {
  const named = namedRepository.exec(path);
  if (named) {
    const tree = trees.find(({ name }) => name === named[1]);
    return tree && path.replace(named[0], () => tree.place);
  }
  const tree = trees.find(({ location }) => path.startsWith(`${location}/`));
  return tree && tree.place + path.slice(tree.location.length);
}

/** The paths of the files and links below a directory; empty if there is no such directory. */
async function namesBelow(probe: Files, directory: string): Promise<readonly string[]> {
  return (await probe.listFiles(directory))
    .flatMap((line) => [parseJson(listedFile, line)].filter((file) => file !== undefined))
    .filter(([, type]) => type !== 'directory')
    .map(([name]) => name.replace(/^\.?\//, ''));
}
