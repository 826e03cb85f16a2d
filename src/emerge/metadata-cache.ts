import { shellProgram } from '../container-program.ts';
import { defaultTarget } from '../container/mounts.ts';
import { stateDirectory } from '../container/work-directories.ts';

/** The metadata cache of a tree, and what it needs to be used. */
export interface MetadataCacheUse {
  readonly tree: string;
  /** The directory of the cache; the mount point of its volume by default. */
  readonly cache?: string;
  /** The free bytes that the cache must have: enough for the metadata of ::gentoo by default. */
  readonly bytes?: number;
  /** The number of files that the cache must have room for. */
  readonly files?: number;
}

/**
 * Runs a command of Portage with the metadata cache of a tree, and without it if Portage could not write to it: a full or damaged
 * cache would make emerge fail with a traceback. The output then has a line for {@link metadataWarning}.
 */
export function withMetadataCache(
  { tree, cache = defaultTarget('metadata'), bytes = 128 * 2 ** 20, files = 32_000 }: MetadataCacheUse,
  command: readonly string[],
): readonly string[] {
  const program = new URL('./with-metadata-cache.sh', import.meta.url);
  const limits = [bytes, files].map(String);
  const other = `${stateDirectory}/metadata`;
  return shellProgram(program, 'gentoo-builder-metadata', cache, tree, other, ...limits, ...command);
}

const prefix = '!!! metadata cache: ';

/** The warning of a line that `with-metadata-cache.sh` printed; undefined for another line. */
export function metadataWarning(text: string) {
  if (!text.startsWith(prefix)) return undefined;
  return {
    type: 'warning',
    message: text.slice(prefix.length),
    hint: 'this build sources the ebuilds itself; make room, or remove the volume of the cache: the next build makes a new one',
  } as const;
}

/**
 * Writes the metadata of each ebuild of a repository to Portage's cache, and then `stamp` to `stampFile`; egencache(1). Sources
 * only ebuilds whose metadata is missing or out of date. The cache then has a directory for the repository, also for an empty one.
 */
export function updateMetadataCommand(
  repository: { readonly name: string; readonly location: string },
  stampFile: string,
  stamp: string,
): readonly string[] {
  const directory = `${defaultTarget('metadata')}${repository.location}`;
  const program = new URL('./update-metadata.sh', import.meta.url);
  return shellProgram(program, 'zentoo-metadata', repository.name, directory, stampFile, stamp);
}
