import { posix } from 'node:path';
import * as v from 'valibot';
import { parseJson } from '../../parse-json.ts';
import { nameSetOfFile, parseSetsConf, type SetSource } from '../../portage/configuration/repository-sets.ts';
import { Diagnostics, startOf } from '../../site/diagnostics.ts';
import { isSetFile } from '../../site/read/package-set.ts';
import type { Tuple } from '../../site/site.ts';
import { lookInto } from '../../container/look-into.ts';
import { mountAt } from '../../container/mounts.ts';
import type { Probe } from '../../container/probe.ts';
import type { SiteRun } from './site-run.ts';
import type { TupleWork } from './tuple-work.ts';

type Files = Pick<Probe, 'readText' | 'listFiles'>;

/** The start of a line of {@link Probe.listFiles}: name and type. */
const listedFile = v.tuple([v.string(), v.string()]);

/** The sets of one repository: by name, the file that defines each, `sets.conf` or a set file. */
type SetsOfTree = ReadonlyMap<string, string>;

/**
 * Refuses sets of the site whose names an ebuild repository of a tuple's branch uses as well, because Portage would silently
 * use the repository's set ("Redefinition of set"). Reads the trees without starting a container. Throws one `Failures` for all
 * such sets.
 */
export async function checkSetNames(run: SiteRun, works: readonly Pick<TupleWork, 'tuple'>[]): Promise<void> {
  const tuples = works.map(({ tuple }) => tuple);
  const used = new Set(tuples.flatMap(({ portage }) => portage.repositories.map(({ name }) => name)));
  const trees = await readSetsOfTrees(run, used);
  const diagnostics = new Diagnostics();
  for (const tuple of tuples)
    for (const { name, file } of setsOf(run, tuple))
      for (const repository of tuple.portage.repositories) {
        const other = trees.get(repository.name)?.get(name);
        if (other === undefined) continue;
        const why = `the ebuild repository ${repository.name} has a set @${name} as well (${other})`;
        diagnostics.add(startOf(file), `${why}, and Portage would take that one: give this one another name`);
      }
  diagnostics.throwIfAny();
}

/** The sets that Portage can see for a tuple: the site's shared sets, the tuple's own set, and the sets of the branch, which override. */
function setsOf({ site }: SiteRun, { packages, portage }: Tuple): readonly { name: string; file: string }[] {
  const ofBranch = portage.entries
    .map(({ path }) => path)
    .filter((path) => posix.dirname(path) === 'sets' && isSetFile(posix.basename(path)))
    .map((path) => ({ name: posix.basename(path), file: `config/portage (${portage.name}): ${path}` }));
  return [...new Map([...site.sets, packages, ...ofBranch].map((set) => [set.name, set])).values()];
}

/** Reads the sets of the repositories with these names, as far as the run has their trees. */
async function readSetsOfTrees(run: SiteRun, names: ReadonlySet<string>): Promise<ReadonlyMap<string, SetsOfTree>> {
  const { anyStage, mounts, revisions, site } = run;
  const present = site.repositories.filter(({ name }) => names.has(name) && revisions.has(name));
  if (present.length === 0 || anyStage === undefined) return new Map();
  const trees = present.map(({ name, location }, index) => ({ name, location, place: `/mnt/${index}` }));
  const ofTrees = trees.flatMap(({ name, place }) => {
    const choice = mounts.trees.get(name);
    return choice === undefined ? [] : [{ ...mountAt(choice, place), readOnly: true }];
  });
  return lookInto(run, { image: anyStage.image.id, mounts: ofTrees }, async (probe) => {
    const sets = new Map<string, SetsOfTree>();
    for (const tree of trees) sets.set(tree.name, await readRepositorySets(probe, trees, tree));
    return sets;
  });
}

/** The tree of a repository in a probe. */
interface ProbedTree {
  readonly name: string;
  /** The directory of the tree in a root, by which a `sets.conf` may name it. */
  readonly location: string;
  /** The directory of the tree in the probe. */
  readonly place: string;
}

/** Reads the sets that a repository defines, without those whose names have a slash. `trees` has all repositories. */
export async function readRepositorySets(
  probe: Files,
  trees: readonly ProbedTree[],
  { place }: ProbedTree,
): Promise<SetsOfTree> {
  const sets = new Map<string, string>();
  for (const source of parseSetsConf(await readSetsConf(probe, place))) {
    if (source.type === 'set') {
      const repository = namedRepository.exec(source.path ?? '')?.[1];
      if (repository === undefined || trees.some(({ name }) => name === repository)) sets.set(source.name, 'sets.conf');
    } else
      for (const file of await namesIn(probe, findDirectory(trees, source)))
        sets.set(nameSetOfFile(source.pattern, file), `${posix.basename(source.path)}/${file}`);
  }
  return new Map([...sets].filter(([name]) => !name.includes('/')));
}

/** The texts of sets.conf, which may be a directory, in the order in which Portage reads them. */
async function readSetsConf(probe: Files, place: string): Promise<readonly string[]> {
  const path = `${place}/sets.conf`;
  const text = await probe.readText(path);
  const names =
    text === undefined ? (await namesBelow(probe, path)).filter((name) => name.split('/').every(isRead)) : [];
  const texts = await Promise.all(names.toSorted().map((name) => probe.readText(`${path}/${name}`)));
  return [text, ...texts].filter((one) => one !== undefined);
}

const isRead = (name: string): boolean => !/^\.|~$/.test(name);

const namedRepository = /\$\{repository:([^}$]+)\}/;

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

/** The set files of a directory. Set files in subdirectories have names with a slash, which no set of a site has. */
async function namesIn(probe: Files, directory: string | undefined): Promise<readonly string[]> {
  const names = directory === undefined ? [] : await namesBelow(probe, directory);
  return names.filter((name) => !name.includes('/') && isSetFile(name));
}

/** The paths of the files and links below a directory; empty if there is no such directory. */
async function namesBelow(probe: Files, directory: string): Promise<readonly string[]> {
  return (await probe.listFiles(directory))
    .flatMap((line) => [parseJson(listedFile, line)].filter((file) => file !== undefined))
    .filter(([, type]) => type !== 'directory')
    .map(([name]) => name.replace(/^\.?\//, ''));
}
