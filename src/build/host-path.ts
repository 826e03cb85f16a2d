import { EngineRefusal } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import type { BuildContext } from './context.ts';
import { describeMount, mountAt, type MountChoice } from './mounts.ts';
import { withProbe } from './probe.ts';
import type { Workspace } from './workspace.ts';

/** Refuses a directory that the engine's host does not have; the engine alone can tell, and needs an image to try with. */
export async function checkHostPath(
  { engine }: BuildContext,
  workspace: Workspace,
  choice: MountChoice,
  image: string | undefined,
): Promise<void> {
  if (choice.type !== 'bind' || image === undefined) return;
  try {
    await withProbe(engine, workspace, { image, mounts: [mountAt(choice, '/mnt')] }, () => Promise.resolve());
  } catch (error) {
    if (!(error instanceof EngineRefusal) || error.status >= 500) throw error;
    throw new Failure('mount-unusable', `failed to mount ${choice.source}: ${error.message}`, {
      hint: `create it on the engine's host: mkdir -p ${choice.source}; or name a volume`,
      cause: error,
    });
  }
}

/** Refuses what is mounted read-only in the builder and would be written to: a build container gets no more than that. */
export function checkWritable(choice: MountChoice): void {
  if (!choice.readOnly) return;
  const instead = choice.role === 'binpkgs' ? ', or build without binary packages: --no-binpkgs' : '';
  throw new Failure(
    'mount-unusable',
    `failed to use ${describeMount(choice)} for ${choice.role}: it is mounted read-only`,
    {
      hint: `mount it without :ro${instead}`,
    },
  );
}
