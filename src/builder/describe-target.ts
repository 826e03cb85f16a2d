import { packageVersion } from './merged-packages.ts';
import { splitCpv } from '../portage/cpv.ts';
import type { ElogEntry } from '../portage/output/elog.ts';
import type { PackageArgument } from '../portage/atom.ts';
import { describeElogEntries, type PackageRecord, type TargetRecord } from '../record/build-record.ts';
import type { PackageFacts } from './keep-record.ts';

/** The result of the main job, for the record of the build. */
export interface MadeImage extends PackageFacts {
  /** The packages that the user asked for. */
  readonly asked: readonly PackageArgument[];
  /** `category/name-version` of everything in the image that the base does not have. */
  readonly packages: readonly string[];
  readonly unchanged: boolean;
  readonly image: { readonly name: string; readonly bytes: number | null };
}

/** Describes the image of the main job. `built` are the packages that Portage worked on in this run. */
export function describeTarget(
  { asked, packages, unchanged, image, elog, sizes }: MadeImage,
  built: readonly PackageRecord[],
): TargetRecord {
  return {
    name: null,
    result: unchanged ? 'unchanged' : 'built',
    image,
    archive: null,
    packages: packages.map((cpv) => ({
      cpv,
      origin: isCompiled(cpv, built) ? 'compiled' : 'reused',
      why: unchanged ? 'in the image that was built before' : whyMerged(cpv, asked, packages),
      installedBytes: sizes[cpv]?.installed ?? null,
      binaryBytes: sizes[cpv]?.binary ?? null,
    })),
    failures: [],
    elog: describeElogEntries(elog),
  };
}

/** Describes a main job that made no image. */
export function describeFailedTarget(failures: TargetRecord['failures'], elog: readonly ElogEntry[]): TargetRecord {
  const told = describeElogEntries(elog);
  return { name: null, result: 'failed', image: null, archive: null, packages: [], failures, elog: told };
}

/** A package counts as compiled if emerge worked on it without calling it a binary package. */
function isCompiled(cpv: string, built: readonly PackageRecord[]): boolean {
  return built.some((one) => one.cpv === cpv && !one.binary);
}

function whyMerged(cpv: string, asked: readonly PackageArgument[], packages: readonly string[]): string {
  const version = splitCpv(cpv)?.version;
  const isAsked = asked.some(
    (atom) => packageVersion(atom, [cpv]) === version && packageVersion(atom, packages) === version,
  );
  return isAsked ? 'asked for' : 'needed by a package that was asked for';
}
