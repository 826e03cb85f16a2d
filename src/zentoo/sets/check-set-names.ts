import { posix } from 'node:path';
import { lookInto } from '../../container/look-into.ts';
import { mountAt } from '../../container/mounts.ts';
import { repositoryOrder, shippedReposConf } from '../../portage/configuration/repos-conf.ts';
import { BranchTree } from '../../site/branch-tree.ts';
import { Diagnostics, startOf } from '../../site/diagnostics.ts';
import { isSetFile } from '../../site/read/package-set.ts';
import type { PortageBranch, Tuple } from '../../site/site.ts';
import { readConfiguredSets, type ConfiguredSet, type ProbedTree } from './repository-set-names.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/**
 * Refuses sets of the site whose names a section of `sets.conf` uses as well, in an ebuild repository of a tuple's branch or in the
 * branch, because Portage would silently use the set of the section ("Redefinition of set"). Reads the trees without starting a
 * container. Throws one `Failures` for all such sets.
 */
export async function checkSetNames(run: SiteRun, works: readonly Pick<TupleWork, 'tuple'>[]): Promise<void> {
  const tuples = works.map(({ tuple }) => tuple);
  const configured = await readSetsOfBranches(run, new Set(tuples.map(({ portage }) => portage)));
  const diagnostics = new Diagnostics();
  for (const tuple of tuples)
    for (const { name, file } of setsOf(run, tuple))
      for (const other of configured.get(tuple.portage) ?? []) {
        if (other.name !== name) continue;
        const where =
          other.repository === undefined
            ? `sets.conf of config/portage (${tuple.portage.name})`
            : `the ebuild repository ${other.repository}`;
        const why = `${where} has a set @${name} as well (${other.file})`;
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

/** Reads the sets of `sets.conf` for each branch, as far as the run has the trees of its repositories. */
async function readSetsOfBranches(
  run: SiteRun,
  branches: ReadonlySet<PortageBranch>,
): Promise<ReadonlyMap<PortageBranch, readonly ConfiguredSet[]>> {
  const { anyStage, mounts, revisions, site } = run;
  const used = new Set([...branches].flatMap(({ repositories }) => repositories.map(({ name }) => name)));
  const present = site.repositories.filter(({ name }) => used.has(name) && revisions.has(name));
  const hasOwn = [...branches].some((branch) => readOwn(branch).setsConf.length > 0);
  if ((present.length === 0 && !hasOwn) || anyStage === undefined) return new Map();
  const trees = present.map(({ name, location }, index) => ({ name, location, place: `/mnt/${index}` }));
  const ofTrees = trees.flatMap(({ name, place }) => {
    const choice = mounts.trees.get(name);
    return choice === undefined ? [] : [{ ...mountAt(choice, place), readOnly: true }];
  });
  return lookInto(run, { image: anyStage.image.id, mounts: ofTrees }, async (probe) => {
    const sets = new Map<PortageBranch, readonly ConfiguredSet[]>();
    for (const branch of branches)
      sets.set(branch, await readConfiguredSets(probe, inOrder(trees, branch), readOwn(branch)));
    return sets;
  });
}

/** The trees of a branch's repositories, in the order in which Portage reads them. */
function inOrder(trees: readonly ProbedTree[], branch: PortageBranch): readonly ProbedTree[] {
  const order = repositoryOrder([shippedReposConf, ...textsOf(branch, 'repos.conf')]);
  return branch.repositories
    .toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    .flatMap(({ name, location }) => trees.filter((tree) => tree.name === name).map((tree) => ({ ...tree, location })));
}

function readOwn(branch: PortageBranch) {
  return { setsConf: textsOf(branch, 'sets.conf'), paths: branch.entries.map(({ path }) => path) };
}

/** The texts of a setting of a branch, a file or a directory of files, in the order of their names. */
function textsOf({ entries }: PortageBranch, name: string): readonly string[] {
  return new BranchTree(entries)
    .list(name)
    .flatMap(({ resolved }) => (resolved.kind === 'file' ? [resolved.entry.read().toString('utf8')] : []));
}
