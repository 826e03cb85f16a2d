import { EngineRefusal } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import type { BuildContext } from './context.ts';
import { describeMount, mountAt, type MountChoice } from './mounts.ts';
import { withProbe } from './probe.ts';
import type { Workspace } from './workspace.ts';

/** The label of volumes that this program made, with the role as its value. */
export const volumeLabel = 'gentoo-builder.volume';

/** `absent`: a volume that is made on first use. `interrupted`: ours, with something in it that is not a repository. */
export type TreeState = 'filled' | 'empty' | 'absent' | 'interrupted';

/** What is asked of a tree. */
export interface TreeDemands {
  readonly createTree: boolean;
  readonly sync: boolean;
}

/** Which tree is looked into, from a container of which image, and what it has to be good for. */
interface TreeInspection {
  readonly choice: MountChoice;
  readonly image: string;
  readonly demands: TreeDemands;
}

const probedAt = '/mnt';

/**
 * Looks into the tree through a never-started container of `image`, and refuses one that cannot serve: a given one has
 * to be a repository already (a file `profiles/repo_name`; PMS, "Profiles directory"), unless it is to be created, or is a
 * volume with our label: that one is ours to fill, whoever mounted it.
 */
export async function inspectTree(
  { engine }: BuildContext,
  workspace: Workspace,
  { choice, image, demands }: TreeInspection,
): Promise<TreeState> {
  const state = await stateOf({ engine }, workspace, { choice, image, demands });
  if (state === 'foreign') {
    throw unusable(
      choice,
      'it is neither empty nor an ebuild repository (there is no profiles/repo_name)',
      'name the repository itself, or an empty directory together with --create-tree: --tree VOLUME|PATH',
    );
  }
  if (state === 'missing') {
    throw unusable(
      choice,
      "there is no such volume or directory on the engine's host",
      'create it, or leave --tree out to have the volume gentoo-repository made and filled',
    );
  }
  if (state !== 'filled' && !demands.sync) {
    throw unusable(choice, 'it is empty and --no-sync forbids filling it', 'leave --no-sync out');
  }
  if (state === 'unasked') {
    throw unusable(choice, 'it is empty', 'to have it filled by a sync, add --create-tree');
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
  { choice, image, demands }: TreeInspection,
) {
  const volume = choice.type === 'volume' ? await engine.inspectVolume(choice.source) : undefined;
  if (choice.type === 'volume' && volume === undefined) return choice.origin === 'default' ? 'absent' : 'missing';
  const isOurs = volume?.labels[volumeLabel] === 'tree';
  const mayFill = isOurs || demands.createTree || choice.origin !== 'given';
  try {
    return await withProbe(engine, workspace, { image, mounts: [mountAt(choice, probedAt)] }, async (probe) => {
      if (await probe.exists(`${probedAt}/profiles/repo_name`)) return 'filled';
      if (await probe.isEmpty(probedAt)) return mayFill ? 'empty' : 'unasked';
      if (isOurs) return 'interrupted';
      // Another builder may be filling it right now; the sync waits for that one.
      return demands.createTree && (await probe.exists(`${probedAt}/.git`)) ? 'empty' : 'foreign';
    });
  } catch (error) {
    if (error instanceof EngineRefusal && /bind source path does not exist/.test(error.message)) return 'missing';
    throw error;
  }
}

function unusable(choice: MountChoice, why: string, hint: string): Failure {
  return new Failure('tree-unusable', `failed to use the tree ${describeMount(choice)}: ${why}`, { hint });
}
