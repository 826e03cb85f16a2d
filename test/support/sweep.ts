import { defaultVolumes } from '../../src/container/mounts.ts';
import { rawDocker } from './real-engine/real-engine.ts';
import { chooserOf } from './unique-name.ts';

/**
 * Removes the objects that an interrupted run of the tests left on the engine: containers, images, volumes and networks whose
 * names contain the id of an ended process. vitest calls it before the first test of a tier that uses an engine. Returns a function
 * for the end of the run, which removes the default volumes that the run made: several test files use them at the same time.
 */
export default async function sweep(): Promise<() => Promise<void>> {
  const docker = rawDocker();
  const containers = await docker.listContainers({ all: true });
  for (const { Id, Names, Image, Mounts } of containers) {
    const names = [...Names, Image, ...Mounts.map(({ Name }) => Name ?? '')];
    if (names.some(isLeft)) await gone(docker.getContainer(Id).remove({ force: true, v: true }));
  }
  for (const tag of (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? [])) {
    if (isLeft(tag)) await gone(docker.getImage(tag).remove({ force: true }));
  }
  for (const { Name, Labels } of (await docker.listVolumes()).Volumes ?? []) {
    // The volumes of a site are named after its id.
    if (isLeft(Name) || isLeft(Labels?.['zentoo.site'] ?? '')) await gone(docker.getVolume(Name).remove());
  }
  for (const { Id, Name } of await docker.listNetworks()) {
    if (isLeft(Name)) await gone(docker.getNetwork(Id).remove());
  }
  const existing = new Set((await docker.listVolumes()).Volumes.map(({ Name }) => Name));
  const missing = Object.values(defaultVolumes).filter((name) => !existing.has(name));
  return async () => {
    for (const name of missing) await gone(docker.getVolume(name).remove());
  };
}

/** Whether the process that chose the name has ended. */
export function isLeft(name: string): boolean {
  const pid = chooserOf(name);
  return pid !== undefined && !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user is alive, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Waits for a removal. Ignores an object that is gone, or that a program other than the tests uses. */
async function gone(removal: Promise<unknown>): Promise<void> {
  await removal.catch(() => {});
}
