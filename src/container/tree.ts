import { followLinks, readFollowing } from '../engine/follow-links.ts';
import { EngineRefusal } from '../engine/refusal.ts';
import type { Volume } from '../engine/volumes.ts';
import { Failure } from '../failure.ts';
import { disproveTreeVolume } from '../ownership/ownership.ts';
import { repositoryName } from '../portage/configuration/repository-name.ts';
import type { BuildContext } from './context.ts';
import { describeMount, mountAt, type MountChoice } from './mounts.ts';
import { withProbe, type Probe } from './probe.ts';
import type { Workspace } from './workspace.ts';

/** The label of volumes that this program made; its value is the role. */
export const volumeLabel = 'gentoo-builder.volume';

/** The label with the number of the format of an image's labels, or of what is in a volume. */
export const builderFormatLabel = 'gentoo-builder.format';

/**
 * `absent`: a volume that will be created. `interrupted`: a volume that proves to be a tree of this program and that has files,
 * but no repository: the sync empties it.
 */
export type TreeState = 'filled' | 'empty' | 'absent' | 'interrupted';

/** The options of the user that decide which trees can be used. */
export interface TreeDemands {
  readonly createTree: boolean;
  readonly sync: boolean;
}

/** The tree to inspect, the image of the probe container and the user's options. */
interface TreeInspection {
  readonly choice: MountChoice;
  readonly image: string;
  readonly demands: TreeDemands;
  /** Reads more about a tree that is a repository, in the directory `place` of the same probe. */
  readonly read?: (probe: Probe, place: string) => Promise<void>;
}

const probedAt = '/mnt';

/**
 * Inspects the tree through a container of `image` that is never started, and refuses a tree that cannot be used. A tree is a
 * repository if it has a name: the file `profiles/repo_name` (PMS, "Profiles directory"), or `repo-name` in
 * `metadata/layout.conf` (portage(5)). A tree that the user named must be a repository, except in two cases: an empty tree with
 * --create-tree, and a volume with the label of this program, which may be empty, too. Files that are not a repository are accepted
 * only in a volume that proves to be of this program.
 */
export async function inspectTree(
  { engine }: BuildContext,
  workspace: Workspace,
  inspection: TreeInspection,
): Promise<TreeState> {
  const { choice, demands } = inspection;
  const state = await stateOf({ engine }, workspace, inspection);
  if (state === 'foreign') {
    throw unusable(
      choice,
      'it is neither empty nor an ebuild repository (no profiles/repo_name, no repo-name in metadata/layout.conf)',
      'name the repository itself, or an empty directory together with --create-tree: --tree VOLUME|PATH',
    );
  }
  if (state === 'missing') {
    throw unusable(
      choice,
      "there is no such volume or directory on the engine's host",
      'create it, or omit --tree: then the volume gentoo-repository is created and filled',
    );
  }
  if (state !== 'filled' && state !== 'unverified' && !demands.sync) {
    throw unusable(choice, 'it is empty and --no-sync forbids filling it', 'omit --no-sync');
  }
  if (state === 'unverified') {
    throw unusable(
      choice,
      'its first sync did not end, so nobody has verified it, and --no-sync forbids a sync',
      'omit --no-sync, once',
    );
  }
  if (state === 'unasked') {
    throw unusable(choice, 'it is empty', 'to fill it by a sync, add --create-tree');
  }
  if (choice.readOnly && demands.sync) {
    throw unusable(
      choice,
      'it is mounted read-only, and a sync writes to it',
      'mount it without :ro, or add --no-sync',
    );
  }
  return state;
}

async function stateOf(
  { engine }: Pick<BuildContext, 'engine'>,
  workspace: Workspace,
  { choice, image, demands, read }: TreeInspection,
) {
  const volume = choice.type === 'volume' ? await engine.inspectVolume(choice.source) : undefined;
  if (choice.type === 'volume' && volume === undefined) return choice.origin === 'default' ? 'absent' : 'missing';
  const isOurs = isOwnTree(volume);
  const mayFill = volume?.labels[volumeLabel] === 'tree' || demands.createTree || choice.origin !== 'given';
  try {
    return await withProbe(engine, workspace, { image, mounts: [mountAt(choice, probedAt)] }, async (probe) => {
      if (await isRepository(filesAt(probe, probedAt))) {
        if (isOurs && !demands.sync && !(await wasSynced(probe))) return 'unverified';
        await read?.(probe, probedAt);
        return 'filled';
      }
      if (await probe.isEmpty(probedAt)) return mayFill ? 'empty' : 'unasked';
      if (isOurs) return 'interrupted';
      // Another builder may be filling the tree right now; the sync waits for its lock. Or it was killed: see sync_mark.
      const isBeingFilled =
        (await probe.exists(`${probedAt}/.git`)) || (await probe.exists(`${probedAt}/local/gentoo-builder-syncing`));
      return demands.createTree && isBeingFilled ? 'empty' : 'foreign';
    });
  } catch (error) {
    if (error instanceof EngineRefusal && error.kind === 'mount-missing') return 'missing';
    throw error;
  }
}

/** Whether a volume proves to be a tree of this program; only such a tree is ever emptied. */
export function isOwnTree(volume: Volume | undefined): boolean {
  return volume !== undefined && disproveTreeVolume(volume, volumeLabel) === undefined;
}

/** Whether a sync of a git tree has ended: sync-tree.sh notes that. Older versions did not, but git notes each fetch after the clone. */
async function wasSynced(probe: Probe): Promise<boolean> {
  const git = `${probedAt}/.git`;
  if (!(await probe.exists(git)) || (await probe.exists(`${git}/gentoo-builder-synced`))) return true;
  return probe.exists(`${git}/FETCH_HEAD`);
}

/**
 * Whether files are those of a repository: the rule of is-repository.sh, for a tree without a running container. Paths are relative to
 * the tree.
 */
export async function isRepository(tree: Pick<Probe, 'exists' | 'readText'>): Promise<boolean> {
  if (await tree.exists('profiles/repo_name')) return true;
  const layoutConf = await tree.readText('metadata/layout.conf');
  return repositoryName({ repoName: undefined, layoutConf }) !== undefined;
}

/** The files below a directory of a probe. Symbolic links are followed, as Portage follows them. */
export function filesAt(probe: Pick<Probe, 'stat' | 'readText'>, place: string): Pick<Probe, 'exists' | 'readText'> {
  return {
    exists: async (path) => (await followLinks(probe, `${place}/${path}`)) !== undefined,
    readText: (path) => readFollowing(probe, `${place}/${path}`),
  };
}

/** The failure of a tree that cannot be used, whose name its message has. */
export function unusable(choice: MountChoice, why: string, hint: string): Failure {
  return new Failure('tree-unusable', `failed to use the tree ${describeMount(choice)}: ${why}`, { hint });
}
