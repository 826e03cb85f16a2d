import { splitCpv } from '../../../src/portage/cpv.ts';

/** An ebuild of the repository gentoo. */
export interface FakeEbuild {
  /** `category/name-version` */
  readonly cpv: string;
  /** The packages that it needs to be compiled and to run, `category/name` each. */
  readonly needs?: readonly string[];
  /** The warning that it prints after it was merged. */
  readonly warning?: string;
  /** Whether its compilation fails. */
  readonly fails?: boolean;
  /** What identifies the text of the ebuild. */
  readonly text?: string;
}

/** The ebuilds of a repository, each in one version. */
export class FakeEbuilds {
  readonly #ebuilds: Map<string, FakeEbuild>;

  constructor(ebuilds: readonly FakeEbuild[]) {
    this.#ebuilds = new Map(ebuilds.map((ebuild) => [nameOf(ebuild.cpv), ebuild]));
  }

  /** The ebuild for `category/name`, `=category/name-version` or `=category/name-version::repository`. */
  find(atom: string): FakeEbuild | undefined {
    const bare = atom.replace(/^=/, '').replace(/::.*$/, '');
    return this.#ebuilds.get(atom.startsWith('=') ? nameOf(bare) : bare);
  }

  /** The ebuilds for these atoms with everything that they need, each after what it needs. Unknown atoms are left out. */
  close(atoms: readonly string[]): readonly FakeEbuild[] {
    const found = new Set<FakeEbuild>();
    const add = (atom: string): void => {
      const ebuild = this.find(atom);
      if (ebuild === undefined || found.has(ebuild)) return;
      for (const need of ebuild.needs ?? []) add(need);
      found.add(ebuild);
    };
    for (const atom of atoms) add(atom);
    return [...found];
  }
}

/** The `category/name` of a version. */
export function nameOf(cpv: string): string {
  return splitCpv(cpv)?.name ?? cpv;
}
