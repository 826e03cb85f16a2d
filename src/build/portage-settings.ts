import { binpkgPartition, parsePartitionVariables, partitionVariablesCommand } from '../portage/binpkg-partition.ts';
import { Failure } from '../failure.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';
import { settingsCommand, underLock } from './job-scripts.ts';
import { runCommand } from './run-command.ts';

/** What Portage in the build container says of itself once it has its tree. */
export interface PortageSettings {
  /** The directory below PKGDIR's mount that only builds with the same CHOST, profile and flags use. */
  readonly partition: string;
  /** Whether it serves a stream of its status (`FEATURES=observability`, since Portage 3.0.82). */
  readonly observable: boolean;
  /** The stamp of the tree that this was read from, empty if it has none: with another one this may be otherwise. */
  readonly treeStamp: string;
}

/**
 * Asks Portage, in one process: the answer depends on the profile, and so on the tree. Nobody syncs it meanwhile, unless
 * it is read `during` a sync: then the stamp tells whether that changed it.
 */
export async function readPortageSettings(
  { engine }: BuildContext,
  container: BuildContainer,
  during?: 'sync',
): Promise<PortageSettings> {
  const settings = settingsCommand(container.trees[0], partitionVariablesCommand());
  const command = during === 'sync' ? settings : underLock('shared', container.trees, settings);
  const { stdout, stderr } = await runCommand(engine, container.id, { command });
  const [treeStamp = '', observable, profile = '', output = '', ...files] = stdout.split('\0');
  const variables = parsePartitionVariables(output);
  if ((variables.get('CHOST') ?? '') === '') {
    throw new Failure(
      'emerge-failed',
      'failed to read the settings of Portage in the build container: it names no CHOST',
      {
        logTail: stderr.split('\n').filter(Boolean).slice(-20),
        hint: "the base's profile and make.conf have to agree with the tree: see `emerge --info` in a container of the base",
      },
    );
  }
  const packageEnv = new Map<string, string>();
  for (let index = 0; index + 1 < files.length; index += 2) packageEnv.set(files[index] ?? '', files[index + 1] ?? '');
  return {
    treeStamp,
    observable: observable === 'yes',
    partition: binpkgPartition({ variables, profile, packageEnv }),
  };
}
