import { createHash } from 'node:crypto';
import { splitCpv } from '../portage/cpv.ts';
import { enabledFlags, type PretendedPackage } from '../portage/output/pretend-package.ts';
import { transitiveNeeds, findStrongComponents } from './strong-components.ts';
import type { OrderedPackage } from './work-order.ts';

/** The packages that emerge would merge for one tuple, with their dependencies on each other. */
export interface ResolvedPackages {
  readonly packages: readonly ResolvedPackage[];
  /** For each package, the positions of the packages that it needs to be compiled or to run. */
  readonly needs: readonly (readonly number[])[];
  /** The partitions of the store: for the tuple's root, and for `/`. They differ only in a cross build. */
  readonly partitions: { readonly root: string; readonly host: string };
}

/** One package that emerge would merge. */
export interface ResolvedPackage extends OrderedPackage {
  /** Whether the build compiles the package; false if it comes from the store. */
  readonly isCompiled: boolean;
  /** The enabled USE flags. */
  readonly use: readonly string[];
  /** A digest of its ebuild and of what it needs, see `store/dependencies.ts`; empty if it is not known. */
  readonly inputs: string;
}

/** Packages that are compiled together: one package, or several that need each other in a cycle. */
export interface PackageGroup {
  readonly id: string;
  readonly packages: readonly OrderedPackage[];
  /** The ids of the groups that have to be in the store first. */
  readonly needs: readonly string[];
  /** The dependencies (`category/name-version`) that emerge installs from the store into the same root before it compiles. */
  readonly dependencies: readonly string[];
  readonly partition: string;
  /** Identifies what the packages are compiled from, as far as Portage knows; empty if it is not known. */
  readonly inputs: string;
}

/**
 * The packages that a site's build compiles: each version with its USE flags once per partition of the store, for all tuples.
 * Maps the key of each package to the id of its group.
 */
export type PackagePool = ReadonlyMap<string, string>;

/** A pool after the packages of a tuple were added, with the groups that the tuple waits for. */
export interface PoolAddition {
  readonly pool: PackagePool;
  /** The groups that were not in the pool before. */
  readonly groups: readonly PackageGroup[];
  /** The ids of all groups that the tuple waits for. */
  readonly ids: readonly string[];
}

/** Portage adds the libc to the needs of every package that is merged together with it (`implicit_libc_deps` in portage.dep.libc). */
const libcs = ['sys-libs/glibc', 'sys-libs/musl'];

/** Converts emerge's list of packages to the form that a pool uses. */
export function resolvedPackages(
  pretended: readonly PretendedPackage[],
  inputs: readonly string[],
): readonly ResolvedPackage[] {
  return pretended.map(({ cpv, slot, repository, root = '/', kind, use }, position) => ({
    ...{ cpv, slot, repository, root, isCompiled: kind === 'ebuild' },
    use: enabledFlags(use).toSorted(),
    inputs: inputs[position] ?? '',
  }));
}

/** Adds one tuple's packages to a pool. */
export function addPackages(pool: PackagePool, resolved: ResolvedPackages): PoolAddition {
  const { packages, partitions } = resolved;
  const needs = addLibc(resolved);
  const closures = transitiveNeeds(needs);
  const partitionOf = ({ root }: ResolvedPackage) => (root === '/' ? partitions.host : partitions.root);
  const keys = packages.map((item) => keyOf(item, partitionOf(item)));
  const isCompiled = (position: number) => packages[position]?.isCompiled === true;
  const grown = new Map(pool);
  const drafts: { readonly id: string; readonly members: readonly number[] }[] = [];
  for (const component of findStrongComponents(needs)) {
    const members = component.filter((position) => isCompiled(position) && !grown.has(keys[position] ?? ''));
    const id = keys[members[0] ?? -1];
    if (id === undefined) continue;
    for (const position of members) grown.set(keys[position] ?? '', id);
    drafts.push({ id, members });
  }
  const groupsOf = (positions: Iterable<number>) => [
    ...new Set([...positions].filter(isCompiled).flatMap((position) => grown.get(keys[position] ?? '') ?? [])),
  ];
  const groups = drafts.flatMap(({ id, members }): readonly PackageGroup[] => {
    const before = [...new Set(members.flatMap((position) => [...(closures[position] ?? [])]))].filter(
      (position) => !members.includes(position),
    );
    const own = members.flatMap((position) => packages[position] ?? []);
    const [first] = own;
    if (first === undefined) return [];
    const dependencies = before
      .flatMap((position) => packages[position] ?? [])
      .filter(({ root }) => root === first.root);
    return [
      {
        id,
        packages: own.map(({ cpv, slot, repository, root }) => ({ cpv, slot, repository, root })),
        needs: groupsOf(before).filter((other) => other !== id),
        // In a cross build, emerge finds packages for `/` by itself.
        dependencies: dependencies.map(({ cpv }) => cpv).toSorted(),
        partition: partitionOf(first),
        inputs: joinInputs(own, partitionOf(first)),
      },
    ];
  });
  return { pool: grown, groups, ids: groupsOf(packages.keys()) };
}

/** Identifies a package that is compiled: equal keys mean one compilation. */
function keyOf({ cpv, repository, root, use }: ResolvedPackage, partition: string): string {
  return [cpv, repository, partition, root, use.join(',')].join(' ');
}

/** Identifies the inputs of packages that are compiled together: their settings and versions, and what Portage compiles them from. */
function joinInputs(packages: readonly ResolvedPackage[], partition: string): string {
  if (packages.some(({ inputs }) => inputs === '')) return '';
  const lines = packages.map((item) => `${keyOf(item, partition)} ${item.inputs}\n`).toSorted();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** Adds the libc to the needs of each package in its root, except to the needs of packages that the libc needs itself. */
function addLibc({ packages, needs }: ResolvedPackages): readonly (readonly number[])[] {
  const isLibc = ({ cpv }: ResolvedPackage) => libcs.includes(splitCpv(cpv)?.name ?? '');
  const found = [...packages.entries()].filter(([, item]) => isLibc(item));
  const before = new Map(found.map(([position]) => [position, transitiveNeeds(needs)[position] ?? new Set<number>()]));
  return needs.map((own, at) => {
    const libc = found.filter(
      ([position, { root }]) =>
        position !== at && root === packages[at]?.root && before.get(position)?.has(at) === false,
    );
    return [...new Set([...own, ...libc.map(([position]) => position)])];
  });
}
