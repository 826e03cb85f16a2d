import { posix } from 'node:path';
import { nameSetOfFile, parseSetsConf, type SetSource } from '../../portage/repository-sets.ts';
import { Diagnostics, startOf } from '../../site/diagnostics.ts';
import { isSetFile } from '../../site/package-set.ts';
import type { Tuple } from '../../site/site.ts';
import { inWorkspace } from '../in-workspace.ts';
import { mountAt } from '../mounts.ts';
import { withProbe, type Probe } from '../probe.ts';
import { removeWorkspace } from '../workspace.ts';
import type { SiteRun } from './site-run.ts';

/** The sets of one repository, by name, with what makes each: `sets.conf`, or a file of the repository. */
type SetsOfTree = ReadonlyMap<string, string>;

/**
 * Refuses sets of the site that a repository of a tuple's branch has as well, as Portage would silently take that one
 * ("Redefinition of set"). The trees are looked into; no container is started. Throws all of them as `Failures`.
 */
export async function checkSetNames(run: SiteRun, tuples: readonly Tuple[]): Promise<void> {
  const used = new Set(tuples.flatMap(({ portage }) => portage.repositories.map(({ name }) => name)));
  const trees = await readSetsOfTrees(run, [...used]);
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

/** The sets that Portage would be given for a tuple, or could be: its own, the shared ones and those of its branch. */
function setsOf({ site }: SiteRun, { packages, portage }: Tuple): readonly { name: string; file: string }[] {
  const ofBranch = portage.entries
    .map(({ path }) => path)
    .filter((path) => posix.dirname(path) === 'sets' && isSetFile(posix.basename(path)))
    .map((path) => ({ name: posix.basename(path), file: `config/portage (${portage.name}): ${path}` }));
  const known = new Map([packages, ...site.sets].map(({ name, file }) => [name, { name, file }]));
  for (const set of ofBranch) if (!known.has(set.name)) known.set(set.name, set);
  return [...known.values()];
}

async function readSetsOfTrees(run: SiteRun, names: readonly string[]): Promise<ReadonlyMap<string, SetsOfTree>> {
  const present = names.filter((name) => run.revisions.has(name));
  const image = [...run.stages.values()].find((stage) => stage.image !== undefined)?.image;
  if (present.length === 0 || image === undefined) return new Map();
  const places = new Map(present.map((name, index) => [name, `/mnt/${index}`]));
  const mounts = [...places].flatMap(([name, place]) => {
    const choice = run.mounts.trees.get(name);
    return choice === undefined ? [] : [{ ...mountAt(choice, place), readOnly: true }];
  });
  return inWorkspace({ keepFailed: false }, run, async (workspace) => {
    const found = await withProbe(run.engine, workspace, { image: image.id, mounts }, async (probe) => {
      const trees = new Map<string, SetsOfTree>();
      for (const name of present) trees.set(name, await readSets(run, probe, places, name));
      return trees;
    });
    await removeWorkspace(run, workspace.volume);
    return found;
  });
}

async function readSets(
  run: SiteRun,
  probe: Probe,
  places: ReadonlyMap<string, string>,
  repository: string,
): Promise<SetsOfTree> {
  const sets = new Map<string, string>();
  const text = await probe.readText(`${places.get(repository)}/sets.conf`);
  for (const source of text === undefined ? [] : parseSetsConf(text)) {
    if (source.type === 'set') sets.set(source.name, 'sets.conf');
    else
      for (const file of await namesIn(probe, findDirectory(run, places, source)))
        sets.set(nameSetOfFile(source.pattern, file), `${posix.basename(source.path)}/${file}`);
  }
  return sets;
}

/** Where a directory of sets is in the probe; undefined if it is in none of the trees. */
function findDirectory(
  { site }: SiteRun,
  places: ReadonlyMap<string, string>,
  { path }: SetSource & { type: 'directory' },
): string | undefined {
  const named = /\$\{repository:(.+?)\}/.exec(path);
  if (named) {
    const place = places.get(named[1] ?? '');
    return place === undefined ? undefined : path.replace(named[0], () => place);
  }
  for (const { name, location } of site.repositories) {
    const place = places.get(name);
    if (place !== undefined && path.startsWith(`${location}/`)) return place + path.slice(location.length);
  }
  return undefined;
}

/** The files in a directory that are sets; those in directories below it have names that no set of a site has. */
async function namesIn(probe: Probe, directory: string | undefined): Promise<readonly string[]> {
  const lines = directory === undefined ? [] : await probe.listFiles(directory);
  return lines
    .map((line) => JSON.parse(line) as readonly [name: string, type: string])
    .filter(([, type]) => type !== 'directory')
    .map(([name]) => name.replace(/^\.?\//, ''))
    .filter((name) => !name.includes('/') && isSetFile(name));
}
