import { pythonProgram, shellProgram } from '../../container-program.ts';
import type { CommandRunner } from '../../engine/run-command.ts';
import { Failure } from '../../failure.ts';
import { parsePartition, type Partition } from '../partition.ts';
import { storeBesideStaging, storeDirectory } from '../store-directory.ts';

/** A package in a staging place: its partition, and its path there. */
export interface StagedPackage {
  readonly partition: Partition;
  readonly path: string;
}

/**
 * Makes the packages of the store, which is mounted at {@link storeBesideStaging}, visible to Portage in the staging place. May run
 * again: packages that were staged meanwhile stay.
 *
 * @param indexes the directory with the indexes of the partitions, if it is not the store; the paths in them are then absolute
 */
export async function indexStaging({ run }: CommandRunner, indexes = storeBesideStaging): Promise<void> {
  const program = new URL('./stage-index.py', import.meta.url);
  const command = pythonProgram(program, indexes, storeDirectory);
  const { exitCode, stderr } = await run({ command });
  if (exitCode !== 0)
    throw new Failure('store-corrupt', `failed to read the indexes of the store: ${lastLine(stderr)}`, {
      hint: 'check that the stage has python3, and that the store is readable',
    });
}

/** Lists the packages in the staging place of a container. */
export async function listStaged({ run }: CommandRunner): Promise<readonly StagedPackage[]> {
  const program = new URL('./list-staged.sh', import.meta.url);
  const { stdout } = await run({ command: shellProgram(program, 'zentoo-staged', storeDirectory) });
  return stdout.split('\n').flatMap((line) => {
    const words = line.split('/');
    const partition = parsePartition(words.slice(0, 3).join('/'));
    return partition === undefined ? [] : [{ partition, path: words.slice(3).join('/') }];
  });
}

/** The package of a staged file, `category/name-version`, as its path says it; empty if it does not. */
export function cpvOf({ path }: Pick<StagedPackage, 'path'>): string {
  const known = /^([^/]+\/)([^/]+)\/(\2-[^/]+)-\d+\.(?:gpkg\.tar|xpak)$/;
  const [, category = '', , name = ''] = known.exec(path) ?? [];
  return `${category}${name}`;
}

function lastLine(said: string): string {
  return said.split('\n').filter(Boolean).at(-1) ?? 'the program printed no error';
}
