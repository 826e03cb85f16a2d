import type { WorkNode } from '../schedule/executor.ts';
import type { Tuple } from '../site/site.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { PackageGroup } from './package-pool.ts';

/** A node of a site's build: what is to be done, and nothing of where. */
export type SiteWork =
  /** Makes the buildmaster of a tuple, and of all that share it. */
  | { readonly kind: 'buildmaster'; readonly tuple: Tuple; readonly name: string }
  /** Asks Portage what is to be compiled for tuples that have one buildmaster. */
  | { readonly kind: 'resolve'; readonly tuples: readonly WantedTuple[]; readonly buildmaster: string }
  /** Compiles packages into the store, in a container of the buildmaster of this tuple. */
  | { readonly kind: 'packages'; readonly tuple: Tuple; readonly group: PackageGroup }
  /** Assembles the root of a tuple from the store, and makes its outputs of it. */
  | { readonly kind: 'assemble'; readonly wanted: WantedTuple };

/** A tuple that is to be built. */
export interface WantedTuple {
  readonly tuple: Tuple;
  readonly fingerprint: Fingerprint;
  /** The name of its buildmaster, and whether that has to be made. */
  readonly buildmaster: { readonly name: string; readonly isThere: boolean };
}

export type SiteNode = WorkNode<SiteWork>;

/** Seconds that work is expected to take; undefined if nobody knows. */
export type Estimate = (work: SiteWork) => number | undefined;

/**
 * The nodes that a site's build begins with. Tuples of one buildmaster are asked for together, unless a hook changes it for
 * each. Buildmasters of one cpu and stage that are optimized are made one after the other: they may well compile the same
 * packages, and the later ones find them in the store.
 */
export function beginSite(wanted: readonly WantedTuple[], estimate: Estimate): readonly SiteNode[] {
  const nodes = new Map<string, SiteNode>();
  const latest = new Map<string, string>();
  for (const { tuple, buildmaster } of wanted) {
    const id = buildmasterId(buildmaster.name);
    if (buildmaster.isThere || nodes.has(id)) continue;
    const line = `${tuple.cpu.name} ${tuple.stage.name}`;
    const before = tuple.stage.optimize === 'none' ? undefined : latest.get(line);
    latest.set(line, id);
    const work = { kind: 'buildmaster', tuple, name: buildmaster.name } as const;
    nodes.set(id, { id, needs: before === undefined ? [] : [before], estimate: estimate(work), unfolds: true, work });
  }
  for (const tuples of groupByContainer(wanted)) {
    const [{ tuple, buildmaster }] = tuples;
    const id = `resolve ${tuple.name}`;
    const maker = buildmasterId(buildmaster.name);
    const work = { kind: 'resolve', tuples, buildmaster: buildmaster.name } as const;
    nodes.set(id, { id, needs: nodes.has(maker) ? [maker] : [], estimate: estimate(work), unfolds: true, work });
  }
  return [...nodes.values()];
}

/** The nodes of packages that a tuple was the first to want. */
export function packageNodes(tuple: Tuple, groups: readonly PackageGroup[], estimate: Estimate): readonly SiteNode[] {
  return groups.map((group) => {
    const work = { kind: 'packages', tuple, group } as const;
    return { id: group.id, needs: group.needs, estimate: estimate(work), work };
  });
}

/** The node of a tuple's root, behind the packages that it waits for. */
export function assemblyNode(wanted: WantedTuple, needs: readonly string[], estimate: Estimate): SiteNode {
  const work = { kind: 'assemble', wanted } as const;
  return { id: `assemble ${wanted.tuple.name}`, needs, estimate: estimate(work), work };
}

const buildmasterId = (name: string): string => `buildmaster ${name}`;

type Group = [WantedTuple, ...WantedTuple[]];

function groupByContainer(wanted: readonly WantedTuple[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const one of wanted) {
    const { tuple, buildmaster } = one;
    const isChanged = tuple.buildhooks.entries.some(({ path }) => path === 'compile');
    const key = isChanged ? `tuple ${tuple.name}` : buildmaster.name;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}
