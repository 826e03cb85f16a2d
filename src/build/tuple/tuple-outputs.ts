import { join } from 'node:path';
import type { Fingerprint } from '../../plan/fingerprint.ts';
import type { Tuple } from '../../site/site.ts';
import { findArchive } from './archive-files.ts';
import { findCurrentImage } from './current-image.ts';
import { stageOf, type SiteRun } from './site-run.ts';

/** What a tuple is made into. */
export interface TupleOutputs {
  /** The name of its image. */
  readonly image: string | undefined;
  /** The path of its archive. */
  readonly archive: string | undefined;
}

/** The name of a tuple's image. */
export function imageName({ site }: Pick<SiteRun, 'site'>, { name }: Pick<Tuple, 'name'>): string {
  return `zentoo/${site.name}/${name}:latest`;
}

/** Where a tuple's archive is. */
export function archiveTarget(
  { outputDirectory }: Pick<SiteRun, 'outputDirectory'>,
  { name }: Pick<Tuple, 'name'>,
): { readonly directory: string; readonly name: string } {
  return { directory: outputDirectory, name };
}

/** The outputs of a tuple that are what its fingerprint stands for. */
export async function findOutputs(run: SiteRun, tuple: Tuple, { digest }: Fingerprint): Promise<TupleOutputs> {
  const name = imageName(run, tuple);
  const base = tuple.cross ? undefined : stageOf(run, tuple);
  const image = await findCurrentImage(run.engine, name, { base, fingerprint: digest });
  const target = archiveTarget(run, tuple);
  const manifest = await findArchive(target);
  const isCurrent = manifest !== undefined && fingerprintIn(manifest) === digest;
  return {
    image: image === undefined ? undefined : name,
    archive: isCurrent ? join(target.directory, `${target.name}.tar.zst`) : undefined,
  };
}

/** Whether these are all that the tuple is to be made into. */
export function isComplete({ outputs }: Pick<Tuple, 'outputs'>, current: TupleOutputs): boolean {
  return outputs.every((output) => current[output] !== undefined);
}

function fingerprintIn(manifest: string): unknown {
  try {
    const document: unknown = JSON.parse(manifest);
    return typeof document === 'object' && document !== null && 'fingerprint' in document
      ? document.fingerprint
      : undefined;
  } catch {
    return undefined;
  }
}
