import { randomBytes } from 'node:crypto';
import { EngineRefusal } from '../engine/engine.ts';
import { currentOwner, formatOwner, isGone, parseOwner, procWorld } from './owner.ts';
import type { BuildContext } from './context.ts';

/** The label that says whose a work volume is. It is on the volume, because a commit would hand on a container's. */
export const ownerLabel = 'gentoo-builder.owner';

/** Containers of failed builds that were asked to be kept have names that begin with this. */
export const keptPrefix = 'gentoo-failed-';

/**
 * The volume that a run works in, mounted at /var/tmp/portage of its build container. It marks every container that
 * mounts it as this run's, and goes with them.
 */
export interface Workspace {
  /** 16 hexadecimal digits, different for every run. */
  readonly run: string;
  readonly volume: string;
}

/** The name of a run's work volume. As long as there is one of that name, the run is not over. */
export function workspaceVolume(run: string): string {
  return `gentoo-builder-${run}`;
}

/** Makes the work volume of a new run, with its owner in a label. */
export async function createWorkspace({ engine, self }: BuildContext): Promise<Workspace> {
  const run = randomBytes(8).toString('hex');
  const volume = workspaceVolume(run);
  const owner = await currentOwner(self, procWorld(engine.inspectContainer.bind(engine)));
  await engine.createVolume(volume, { [ownerLabel]: formatOwner(owner) });
  return { run, volume };
}

/** Removes a work volume and every container that mounts it. */
export async function removeWorkspace({ engine }: Pick<BuildContext, 'engine'>, volume: string): Promise<void> {
  for (const container of await engine.containersWithVolume(volume)) await engine.removeContainer(container);
  await engine.removeVolume(volume);
}

/**
 * Removes what is left of runs whose builder is proven to be gone, and nothing else: not what belongs to a living
 * builder, whatever state it is in, and not what was kept by `--keep-failed`. What the engine will not let go of is left
 * for another run.
 */
export async function sweepWorkspaces(context: BuildContext): Promise<void> {
  const { engine, report } = context;
  const world = procWorld(engine.inspectContainer.bind(engine));
  for (const volume of await engine.volumesWithLabel(ownerLabel)) {
    const owner = parseOwner(volume.labels[ownerLabel] ?? '');
    if (owner === undefined || !(await isGone(owner, world)) || (await isKept(context, volume.name))) continue;
    try {
      await removeWorkspace(context, volume.name);
      await report({ type: 'note', message: `removed ${volume.name}, left over from a builder that is gone` });
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error;
      await report({
        type: 'warning',
        message: `failed to remove ${volume.name}, left over from a builder that is gone: ${error.message}`,
      });
    }
  }
}

async function isKept({ engine }: BuildContext, volume: string): Promise<boolean> {
  for (const id of await engine.containersWithVolume(volume)) {
    const container = await engine.inspectContainer(id);
    if (container?.name.startsWith(keptPrefix) === true) return true;
  }
  return false;
}
