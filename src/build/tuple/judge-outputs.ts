import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '../../engine/engine.ts';
import type { Fingerprint } from '../../plan/fingerprint.ts';
import type { Output, Tuple } from '../../site/site.ts';
import { findArchive } from './archive-files.ts';
import { explainStale, isPlainlyCurrent } from './current-image.ts';
import { archiveTarget, imageName } from './output-names.ts';
import { stageOf, type SiteRun } from './site-run.ts';

/** An output of a tuple as it is now. */
export interface OutputState {
  readonly output: Output;
  /** The image's name, or the archive's path. */
  readonly name: string;
  /** Bytes and time of what is there, whatever it was made of; undefined if nothing is. */
  readonly found: { readonly size: number; readonly made: Date } | undefined;
  /** Why it is not what it would be if it were made now, in sentences without a full stop; none if it is. */
  readonly why: readonly string[];
}

/** A tuple's outputs as they are, and its image in any case. */
export interface JudgedOutputs {
  readonly outputs: readonly OutputState[];
  readonly image: Pick<Image, 'labels' | 'created' | 'size'> | undefined;
}

/**
 * Looks at the outputs that a tuple is to have: whether they are there, and made of what it is made of now. Of the images
 * that there were when the run began, those that are plainly up to date are not looked at one by one.
 */
export async function judgeOutputs(
  run: Pick<SiteRun, 'engine' | 'site' | 'stages' | 'images' | 'outputDirectory'>,
  tuple: Tuple,
  fingerprint: Fingerprint,
): Promise<JudgedOutputs> {
  const name = imageName(run, tuple);
  const sought = { base: tuple.cross ? undefined : stageOf(run, tuple), fingerprint };
  const listed = run.images.get(name);
  const isCurrent = listed !== undefined && isPlainlyCurrent(listed, sought);
  const inspected = isCurrent ? undefined : await run.engine.inspectImage(name);
  const image = isCurrent ? listed : inspected;
  const why = isCurrent ? [] : explainStale(inspected, sought);
  const outputs: OutputState[] = [];
  for (const output of tuple.outputs)
    outputs.push(
      output === 'archive'
        ? await judgeArchive(run, tuple, fingerprint)
        : {
            output,
            name,
            found: image && { size: image.size, made: new Date(image.created) },
            why,
          },
    );
  return { outputs, image };
}

/** What is there of a tuple's archive, which needs no engine. */
export function statArchive(
  run: Pick<SiteRun, 'outputDirectory'>,
  tuple: Pick<Tuple, 'name'>,
): Pick<OutputState, 'name' | 'found'> {
  const { directory, name } = archiveTarget(run, tuple);
  const path = join(directory, `${name}.tar.zst`);
  const status = statSync(path, { throwIfNoEntry: false });
  return { name: path, found: status?.isFile() === true ? { size: status.size, made: status.mtime } : undefined };
}

/** By its manifest, what an archive was made of. */
async function judgeArchive(
  run: Pick<SiteRun, 'outputDirectory'>,
  tuple: Pick<Tuple, 'name'>,
  { digest }: Fingerprint,
): Promise<OutputState> {
  const state = { output: 'archive', ...statArchive(run, tuple) } as const;
  if (state.found === undefined) return { ...state, why: ['there is no archive yet'] };
  const former = fingerprintIn(await findArchive(archiveTarget(run, tuple)));
  if (former === undefined) return { ...state, why: ['its archive has no manifest that says what it was made of'] };
  return { ...state, why: former === digest ? [] : ['its archive was made of something else'] };
}

function fingerprintIn(manifest: string | undefined): string | undefined {
  try {
    const document: unknown = JSON.parse(manifest ?? 'null');
    if (typeof document !== 'object' || document === null || !('fingerprint' in document)) return undefined;
    return typeof document.fingerprint === 'string' ? document.fingerprint : undefined;
  } catch {
    return undefined;
  }
}
