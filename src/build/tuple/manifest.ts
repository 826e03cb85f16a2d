/** A package as the database of installed packages has it. */
export interface InstalledPackage {
  /** `category/name-version` */
  readonly cpv: string;
  /** With its sub-slot, if it has one. */
  readonly slot: string;
  /** The repository that its ebuild is of; empty where that is not known. */
  readonly repository: string;
  /** Of its own flags (IUSE), by name: those it was built with, and those it was built without. */
  readonly use: { readonly enabled: readonly string[]; readonly disabled: readonly string[] };
  /** What tells builds of one version apart in a store; undefined for what was never packaged. */
  readonly buildId: number | undefined;
  /** Seconds since 1970. */
  readonly buildTime: number | undefined;
  readonly chost: string;
  readonly cflags: string;
  /** Bytes of its files. */
  readonly size: number | undefined;
  /** Portage's count of merges at the time of this one: another merge of the same package has another. */
  readonly counter: number | undefined;
}

/** A file by its contents. Size in bytes; the digest in lower-case hexadecimal. */
export interface ArchiveDigest {
  readonly sha512: string;
  readonly size: number;
}

/** What a root was made of: the header of its manifest. Commits and revisions are full hexadecimal ids. */
export interface RootOrigin {
  readonly site: string;
  readonly tuple: string;
  readonly created: Date;
  readonly fingerprint: string;
  /** The stage's image: its name as the site has it, its id, and the digest in its registry if it came from one. */
  readonly stage: { readonly image: string; readonly id: string; readonly digest: string | undefined };
  readonly cpu: string;
  readonly portage: { readonly branch: string; readonly commit: string };
  /** Undefined for a tuple without hooks. */
  readonly buildhooks: { readonly branch: string; readonly commit: string } | undefined;
  /** The directory in the store that its packages are of. */
  readonly partition: string;
  readonly trees: readonly { readonly repository: string; readonly revision: string }[];
}

/** A root: what it was made of, what is installed in it, and what was installed in its stage before anything was done. */
export interface RootDescription {
  readonly origin: RootOrigin;
  readonly installed: readonly InstalledPackage[];
  readonly ofStage: readonly InstalledPackage[];
}

/** Where a package of a root came from. */
export type PackageSource = 'store' | 'stage';

/** Raised when what a key means changes; new keys do not raise it. */
const format = 1;

/**
 * The manifest of an archive, as JSON with its keys in one order: `format`, the keys of {@link RootOrigin} (what is undefined
 * is null), `archive` with the digest and size of the archive that it is of, and `packages`, sorted, each with the keys of
 * {@link InstalledPackage} but for the count of merges, and `from`: `stage` if it is the very merge that the stage had.
 */
export function formatManifest({ origin, installed, ofStage }: RootDescription, archive: ArchiveDigest): string {
  const merges = new Set(ofStage.map(identifyMerge));
  const { site, tuple, fingerprint, stage, cpu, portage, buildhooks, partition } = origin;
  const manifest = {
    format,
    site,
    tuple,
    created: origin.created.toISOString(),
    fingerprint,
    stage: { image: stage.image, id: stage.id, digest: stage.digest ?? null },
    cpu,
    portage: { branch: portage.branch, commit: portage.commit },
    buildhooks: buildhooks === undefined ? null : { branch: buildhooks.branch, commit: buildhooks.commit },
    partition,
    trees: origin.trees
      .map(({ repository, revision }) => ({ repository, revision }))
      .toSorted((a, b) => compare(a.repository, b.repository)),
    archive: { sha512: archive.sha512, size: archive.size },
    packages: installed
      .toSorted((a, b) => compare(a.cpv, b.cpv))
      .map((one) => describePackage(one, merges.has(identifyMerge(one)) ? 'stage' : 'store')),
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

function describePackage(one: InstalledPackage, from: PackageSource) {
  return {
    cpv: one.cpv,
    slot: one.slot,
    repository: one.repository,
    use: { enabled: one.use.enabled, disabled: one.use.disabled },
    buildId: one.buildId ?? null,
    buildTime: one.buildTime ?? null,
    chost: one.chost,
    cflags: one.cflags,
    size: one.size ?? null,
    from,
  };
}

/** The version and build may be the same in stage and store: a count of merges is not. */
function identifyMerge({ cpv, slot, buildId, buildTime, counter }: InstalledPackage): string {
  return JSON.stringify([cpv, slot, buildId ?? null, buildTime ?? null, counter ?? null]);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
