import * as v from 'valibot';
import type { InstalledPackage } from '../../store/installed-packages.ts';

/** Identifies a file by its contents: its size in bytes, and its digest in lower-case hexadecimal. */
export interface ArchiveDigest {
  readonly sha512: string;
  readonly size: number;
}

/** The part of a manifest that is read back: the fingerprint, and the archive that it belongs to. */
export interface ArchiveHeader {
  readonly fingerprint: string;
  readonly archive: ArchiveDigest;
}

/** The schema of {@link ArchiveHeader}. */
export const archiveHeaderSchema: v.GenericSchema<unknown, ArchiveHeader> = v.object({
  fingerprint: v.string(),
  archive: v.object({ sha512: v.string(), size: v.number() }),
});

/** The inputs of a root: the head of its manifest. Commits and revisions are full hexadecimal ids. */
export interface RootOrigin {
  readonly site: string;
  readonly tuple: string;
  readonly created: Date;
  readonly fingerprint: string;
  /** The stage's image: its name as the site has it, its id, and the digest in its registry if it came from one. */
  readonly stage: { readonly image: string; readonly id: string; readonly digest: string | undefined };
  readonly cpu: string;
  readonly portage: { readonly branch: string; readonly commit: string };
  /** The branch of config/buildhooks; undefined for a tuple without hooks. */
  readonly buildhooks: { readonly branch: string; readonly commit: string } | undefined;
  /** The directory of the store that its packages are from. */
  readonly partition: string;
  readonly trees: readonly { readonly repository: string; readonly revision: string }[];
}

/** A root: its inputs, its installed packages, and the packages that its stage had installed before. */
export interface RootDescription {
  readonly origin: RootOrigin;
  readonly installed: readonly InstalledPackage[];
  readonly ofStage: readonly InstalledPackage[];
}

/** The origin of a package of a root. */
export type PackageSource = 'store' | 'stage';

/** The format of a manifest: increment it when the meaning of a key changes, but not for a new key. */
const format = 1;

/**
 * The manifest of an archive, as JSON with its keys in one order: `format`, the keys of {@link RootOrigin} (null for
 * undefined), `archive` with the digest and size of its archive, and `packages`, sorted. Each package has the keys of {@link
 * InstalledPackage} except the count of merges, and `from`: `stage` if the stage had the package installed and nothing merged
 * it again.
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

/** The version and build of a package may be equal in stage and store; Portage's counter of merges is not. */
function identifyMerge({ cpv, slot, buildId, buildTime, counter }: InstalledPackage): string {
  return JSON.stringify([cpv, slot, buildId ?? null, buildTime ?? null, counter ?? null]);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
