import { enabledFlags, type PretendedPackage } from '../portage/pretend-package.ts';
import { splitCpv } from '../portage/cpv.ts';
import { closeNeeds, findStrongComponents } from './strong-components.ts';

/** What emerge would merge for one tuple, and in which order that is possible. */
export interface ResolvedPackages {
  readonly packages: readonly PretendedPackage[];
  /** For each of them the positions of those that it needs, to be compiled or to run. */
  readonly needs: readonly (readonly number[])[];
  /** The partition of the store that a package for this root goes to. */
  readonly partitionOf: (root: string) => string;
}

/** Packages that are compiled in one go: one, or several that need each other in a circle. */
export interface PackageGroup {
  readonly id: string;
  readonly packages: readonly PretendedPackage[];
  /** The groups that have to be in the store before. */
  readonly needs: readonly string[];
  /** Everything that is merged into their root before these, from the store: `category/name-version`. */
  readonly dependencies: readonly string[];
  readonly partition: string;
}

/** Portage takes every package to need its libc, where that is merged with it (`implicit_libc_deps` in portage.dep.libc). */
const libcs = ['sys-libs/glibc', 'sys-libs/musl'];

/**
 * What is to be compiled for all tuples of a site: each package version, with its USE flags, once for each partition of the
 * store, whoever wants it.
 */
export class PackagePool {
  /** The groups that packages are in. */
  readonly #groups = new Map<string, string>();

  /** Takes in what is to be done for one tuple. Answers with the groups that are new, and with all that the tuple waits for. */
  add(resolved: ResolvedPackages): { readonly groups: readonly PackageGroup[]; readonly ids: readonly string[] } {
    const { packages, partitionOf } = resolved;
    const needs = withLibc(resolved);
    const closures = closeNeeds(needs);
    const keys = packages.map((item) => keyOf(item, partitionOf));
    const isCompiled = (position: number) => packages[position]?.kind === 'ebuild';
    const drafts: { readonly id: string; readonly members: readonly number[] }[] = [];
    for (const component of findStrongComponents(needs)) {
      const members = component.filter((position) => isCompiled(position) && !this.#groups.has(keys[position] ?? ''));
      const id = keys[members[0] ?? -1];
      if (id === undefined) continue;
      for (const position of members) this.#groups.set(keys[position] ?? '', id);
      drafts.push({ id, members });
    }
    const groupsOf = (positions: Iterable<number>) => [
      ...new Set([...positions].filter(isCompiled).flatMap((position) => this.#groups.get(keys[position] ?? '') ?? [])),
    ];
    const groups = drafts.map(({ id, members }): PackageGroup => {
      const before = [...new Set(members.flatMap((position) => [...(closures[position] ?? [])]))].filter(
        (position) => !members.includes(position),
      );
      const own = members.flatMap((position) => packages[position] ?? []);
      const root = own[0]?.root;
      return {
        id,
        packages: own,
        needs: groupsOf(before).filter((other) => other !== id),
        // What is needed of the stage, emerge takes from there by itself.
        dependencies: before
          .flatMap((position) => packages[position] ?? [])
          .flatMap((item) => (item.root === root ? [item.cpv] : []))
          .toSorted(),
        partition: partitionOf(root ?? '/'),
      };
    });
    return { groups, ids: groupsOf(packages.keys()) };
  }
}

/** What a package is, for whoever has it compiled. */
function keyOf({ cpv, repository, root = '/', use }: PretendedPackage, partitionOf: (root: string) => string): string {
  return [cpv, repository, partitionOf(root), root, enabledFlags(use).toSorted().join(',')].join(' ');
}

function withLibc({ packages, needs }: ResolvedPackages): readonly (readonly number[])[] {
  const isLibc = ({ cpv }: PretendedPackage) => libcs.includes(splitCpv(cpv)?.name ?? '');
  const found = [...packages.entries()].filter(([, item]) => isLibc(item));
  const before = new Map(found.map(([position]) => [position, closeNeeds(needs)[position] ?? new Set<number>()]));
  return needs.map((own, at) => {
    const libc = found.filter(
      ([position, { root }]) =>
        position !== at && root === packages[at]?.root && before.get(position)?.has(at) === false,
    );
    return [...new Set([...own, ...libc.map(([position]) => position)])];
  });
}
