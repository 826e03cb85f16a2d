import { EngineRefusal } from '../engine/refusal.ts';
import { Failure } from '../failure.ts';
import type { BuildContext } from './context.ts';
import { describeMount, mountAt, type MountChoice } from './mounts.ts';
import { withProbe } from './probe.ts';
import type { Workspace } from './workspace.ts';

/** Refuses a directory that does not exist on the engine's host. The check mounts the directory in a probe container. */
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
    if (!(error instanceof EngineRefusal) || error.kind !== 'mount-missing') throw error;
    throw new Failure('mount-unusable', `failed to mount ${choice.source}: ${error.message}`, {
      hint: `create it on the engine's host: mkdir -p ${choice.source}; or name a volume`,
      cause: error,
    });
  }
}

/** Refuses a volume that is mounted read-only in the builder container: the build container would have to write to it. */
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
