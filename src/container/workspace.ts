import { randomBytes } from 'node:crypto';
import type { VolumeUser } from '../engine/containers.ts';
import { EngineRefusal } from '../engine/refusal.ts';
import type { Volume } from '../engine/volumes.ts';
import { currentOwner, findNewerFormat, formatOwner, isGone, parseOwner, procWorld } from '../ownership/owner.ts';
import { disproveWorkContainer, disproveWorkVolume, keptPrefix, workVolumeName } from '../ownership/ownership.ts';
import type { BuildContext } from './context.ts';
import { storeDirectory } from '../store/store-directory.ts';
import { withContainer } from './probe.ts';
import { stateDirectory, workDirectory } from './work-directories.ts';

/**
 * The label with the owner of a work volume. The build container has no label, because an image inherits the container's labels
 * at the commit.
 */
export const ownerLabel = 'gentoo-builder.owner';

/**
 * The work volume of a run, mounted at /var/tmp/portage of its build container. Every container of the run mounts it and is
 * removed with it.
 */
export interface Workspace {
  /** 16 hexadecimal digits, different for every run. */
  readonly run: string;
  readonly volume: string;
}

/** Creates the work volume of a new run and writes the run's owner to a label. */
export async function createWorkspace(context: BuildContext): Promise<Workspace> {
  const run = randomBytes(8).toString('hex');
  const volume = workVolumeName(run);
  await context.engine.createVolume(volume, { [ownerLabel]: await ownOwner(context) });
  return { run, volume };
}

/** Removes the work volumes of this program on an engine, with the containers of their runs: none of these runs may go on. */
export async function removeOwnWorkspaces(context: BuildContext): Promise<void> {
  for (const volume of await context.engine.volumesWithLabel(`${ownerLabel}=${await ownOwner(context)}`))
    if (disproveWorkVolume(volume) === undefined) await removeWorkspace(context, volume.name);
}

async function ownOwner({ engine, self, findLocal }: BuildContext): Promise<string> {
  return formatOwner(await currentOwner(self, procWorld(engine, findLocal)));
}

/**
 * Removes a work volume and the containers of its run. If a container that this program did not make mounts the volume, both
 * stay, and a warning says so.
 */
export async function removeWorkspace(
  { engine, report }: Pick<BuildContext, 'engine' | 'report'>,
  volume: string,
): Promise<void> {
  const foreign: string[] = [];
  for (const container of await engine.containersWithVolume(volume)) {
    const why = disproveWorkContainer(container, volume, workTargets);
    if (why === undefined) await engine.removeContainer(container.id);
    else foreign.push(why);
  }
  if (foreign[0] === undefined) await engine.removeVolume(volume);
  else await report(keptVolume(volume, foreign[0]));
}

/**
 * Removes the containers and work volumes of runs whose builder is proven to be gone. Containers of a living builder stay in
 * any state, and so do containers that `--keep-failed` kept. A volume that only has the label of a work volume stays, and a
 * warning says so. If the engine refuses a removal, a later run tries again. `images` are names of images that may be on the
 * engine; one of them serves for looking into a volume.
 */
export async function sweepWorkspaces(context: BuildContext, images: readonly string[]): Promise<void> {
  const { engine, report, findLocal } = context;
  const world = procWorld(engine, findLocal);
  for (const volume of await engine.volumesWithLabel(ownerLabel)) {
    const owner = parseOwner(volume.labels[ownerLabel] ?? '');
    if (owner !== undefined && !(await isGone(owner, world))) continue;
    try {
      const containers = await engine.containersWithVolume(volume.name);
      if (containers.some(({ name }) => name.startsWith(keptPrefix))) continue;
      const why =
        disproveWorkVolume(volume) ??
        (owner === undefined ? disproveOwner(volume.labels[ownerLabel]) : undefined) ??
        containers
          .map((one) => disproveWorkContainer(one, volume.name, workTargets))
          .find((reason) => reason !== undefined) ??
        (await disproveContent(context, volume, { containers, images }));
      if (why === undefined) {
        await removeWorkspace(context, volume.name);
        await report({ type: 'note', message: `removed ${volume.name}, left over from a builder that is gone` });
      } else await report(keptVolume(volume.name, why));
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error;
      await report({
        type: 'warning',
        message: `failed to remove ${volume.name}, left over from a builder that is gone: ${error.message}`,
      });
    }
  }
}

/** Tells why a label names no owner that this program knows. */
function disproveOwner(label = ''): string {
  const newer = findNewerFormat(label);
  return newer === undefined
    ? `its label ${ownerLabel} names no builder`
    : `its label ${ownerLabel} has the format ${newer}, which this program does not know`;
}

/** The mount points of a work volume in the containers of its run: see `openSession`. */
const workTargets = [workDirectory, stateDirectory, storeDirectory] as const;

/**
 * Proves that the files in a volume are those of a build: a volume with files has this program's directory, unless it is mounted as
 * that directory or as the store. Looks through a container that is created for it and never started.
 */
async function disproveContent(
  { engine, self }: BuildContext,
  { name, labels }: Volume,
  { containers, images }: { readonly containers: readonly VolumeUser[]; readonly images: readonly string[] },
): Promise<string | undefined> {
  const isSeen = containers.every(({ targets }) => targets.includes(workDirectory));
  if (!isSeen) return undefined;
  const image = self?.image ?? (await findImage(engine, images));
  if (image === undefined) return containers.length === 0 ? 'there is no image with which to look into it' : undefined;
  // If another program removes the volume meanwhile, the engine makes it again: with the labels, a later run finds it.
  const mounts = [{ type: 'volume', source: name, target: workDirectory, readOnly: true, labels }] as const;
  return withContainer(engine, `${name}-probe-${randomBytes(4).toString('hex')}`, { image, mounts }, async (probe) =>
    (await probe.exists(stateDirectory)) || (await probe.isEmpty(workDirectory))
      ? undefined
      : 'it has files that no build made',
  );
}

async function findImage(engine: BuildContext['engine'], names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const image = await engine.inspectImage(name);
    if (image !== undefined) return image.id;
  }
  return undefined;
}

function keptVolume(volume: string, why: string) {
  return {
    type: 'warning',
    message: `left the volume ${volume} as it is: it has the label ${ownerLabel}, but ${why}`,
    hint: `if nobody needs it: docker volume rm ${volume}`,
  } as const;
}
