import { Failure } from '../failure.ts';
import { parsePartition, partitionCommand, type Partition, type PartitionKey } from '../store/partition.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';
import { settingsCommand, underLock } from './job-scripts.ts';
import { runCommand } from '../engine/run-command.ts';

/** What an emerge can do that older ones cannot. */
export interface EmergeAbilities {
  /** Whether it serves a stream of its status (`FEATURES=observability`, since Portage 3.0.82). */
  readonly observable: boolean;
  /**
   * Whether it asks for free space where packages are built before it begins another one beside those that are under way
   * (`--jobs-tmpdir-require-free-gb`).
   */
  readonly measuresSpace: boolean;
}

/** What Portage in the build container says of itself once it has its tree. */
export interface PortageSettings extends EmergeAbilities {
  /** The directory below PKGDIR's mount that only builds with the same CHOST, profile and flags use. */
  readonly partition: Partition;
  /** The stamp of the tree that this was read from, empty if it has none: with another one this may be otherwise. */
  readonly treeStamp: string;
}

/** How Portage's settings are read. */
export interface ReadSettingsOptions {
  /** Set when it is read while the tree is synced: then the stamp tells whether that changed it. */
  readonly during?: 'sync';
  readonly key?: PartitionKey;
  /** For Portage, where the root is another one. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Asks Portage, in one process: the answer depends on the profile, and so on the tree. Nobody syncs it meanwhile, unless
 * it is read `during` a sync.
 */
export async function readPortageSettings(
  { engine }: BuildContext,
  container: BuildContainer,
  { during, key, environment = {} }: ReadSettingsOptions = {},
): Promise<PortageSettings> {
  const settings = settingsCommand(container.trees[0], partitionCommand(key));
  const command = during === 'sync' ? settings : underLock('shared', container.trees, settings);
  const { stdout, stderr } = await runCommand(engine, container.id, { command, environment });
  const [treeStamp = '', observable, output = '', measuring] = stdout.split('\0');
  const partition = parsePartition(output);
  if (partition === undefined) {
    const said = stderr.split('\n').filter(Boolean);
    throw new Failure(
      'emerge-failed',
      `failed to read the settings of Portage in the build container: ${said.at(-1) ?? 'it names no CHOST'}`,
      {
        logTail: said.slice(-20),
        hint: "the base's profile and make.conf have to agree with the tree: see `emerge --info` in a container of the base",
      },
    );
  }
  return { treeStamp, observable: observable === 'yes', partition, measuresSpace: measuring === 'yes' };
}
