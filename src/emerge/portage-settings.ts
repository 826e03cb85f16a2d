import { Failure } from '../failure.ts';
import type { EmergeAbilities } from '../portage/emerge-abilities.ts';
import { parsePartition, partitionCommand, type Partition, type PartitionKey } from '../store/partition.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { settingsCommand, underLock } from '../job/tree/tree-scripts.ts';

/** The settings of Portage in the build container; they depend on the tree. */
export interface PortageSettings extends EmergeAbilities {
  /** The directory in the package store that only builds with the same CHOST, profile and flags share. */
  readonly partition: Partition;
  /** The stamp of the tree when the settings were read; empty if the tree has none. With another stamp they may differ. */
  readonly treeStamp: string;
}

/** Options of {@link readPortageSettings}. */
export interface ReadSettingsOptions {
  /**
   * With `sync`, the settings are read during a sync, without a lock: the stamp then tells whether the sync changed the tree.
   */
  readonly during?: 'sync';
  readonly key?: PartitionKey;
  /** Variables to add to the environment of Portage, for example for a cross root. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Reads the settings of Portage in one process. They depend on the profile and so on the tree: the tree is locked against
 * syncs meanwhile, except with `during: 'sync'`. Throws `tree-unusable` if a sync of a tree was killed while it wrote the files.
 */
export async function readPortageSettings(
  session: ContainerSession,
  { during, key, environment = {} }: ReadSettingsOptions = {},
): Promise<PortageSettings> {
  const settings = settingsCommand(session.trees, partitionCommand(key));
  const command = during === 'sync' ? settings : underLock('shared', session, settings);
  const { stdout, stderr } = await session.run({ command, environment });
  const [treeStamp = '', observable, output = '', measuring, torn = ''] = stdout.split('\0');
  const [tornTree] = torn.split('\n');
  // Under the lock, no sync runs.
  if (during !== 'sync' && tornTree) throw tornFailure(tornTree);
  const partition = parsePartition(output);
  if (partition === undefined) {
    const said = stderr.split('\n').filter(Boolean);
    throw new Failure(
      'emerge-failed',
      `failed to read the settings of Portage in the build container: ${said.at(-1) ?? 'Portage has no CHOST'}`,
      {
        logTail: said.slice(-20),
        hint: "check that the base's profile and make.conf agree with the tree: run `emerge --info` in a container of the base",
      },
    );
  }
  return { treeStamp, observable: observable === 'yes', partition, measuresSpace: measuring === 'yes' };
}

function tornFailure(tree: string): Failure {
  return new Failure(
    'tree-unusable',
    `failed to use the tree at ${tree}: a sync of it was killed, and it may have files of two revisions`,
    { hint: 'sync it once, which restores the files: omit --no-sync, or for a site run `zentoo sync`' },
  );
}
