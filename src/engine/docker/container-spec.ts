import type { ContainerCreateOptions } from 'dockerode';

import type { ContainerSpec, MountSpec } from '../containers.ts';

/**
 * The body of `POST /containers/create`. It has no settings that `spec` does not need, because an image inherits settings at
 * the commit.
 */
export function createContainerBody(name: string, spec: ContainerSpec): ContainerCreateOptions {
  return {
    name,
    Image: spec.image,
    // One empty string removes the image's entrypoint, as `docker run --entrypoint ''` does, also on Podman. A committed
    // image would inherit an entrypoint of the container, and `ENTRYPOINT []` could not remove it.
    Entrypoint: [''],
    Cmd: [...spec.command],
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.labels === undefined ? {} : { Labels: { ...spec.labels } }),
    ...(spec.openStdin === true ? { OpenStdin: true, StdinOnce: true } : {}),
    HostConfig: {
      Mounts: spec.mounts.filter(({ type }) => type !== 'tmpfs').map(mountSettings),
      Tmpfs: Object.fromEntries(spec.mounts.filter(({ type }) => type === 'tmpfs').map(tmpfsEntry)),
      AutoRemove: spec.autoRemove ?? false,
      ...(spec.init === undefined ? {} : { Init: spec.init }),
      // Without MemorySwap the container may use the same amount of swap again.
      ...(spec.memory === undefined ? {} : { Memory: spec.memory, MemorySwap: spec.memory }),
      ...(spec.cpus === undefined ? {} : { NanoCpus: Math.round(spec.cpus * 1e9) }),
      ...(spec.cpuShares === undefined ? {} : { CpuShares: spec.cpuShares }),
      ...(spec.network === undefined ? {} : { NetworkMode: spec.network }),
      ...(spec.keepLog === false ? { LogConfig: { Type: 'none', Config: {} } } : {}),
    },
  };
}

/** How the engine makes a missing volume that a mount names, besides its labels: as `docker volume create` does. */
const plainVolume = { NoCopy: false, DriverConfig: { Name: '', Options: {} } };

function mountSettings(mount: MountSpec): {
  Type: 'bind' | 'volume';
  Source: string;
  Target: string;
  ReadOnly: boolean;
  VolumeOptions?: typeof plainVolume & { Labels: Record<string, string> };
} {
  return {
    Type: mount.type === 'bind' ? 'bind' : 'volume',
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readOnly ?? false,
    ...(mount.labels === undefined ? {} : { VolumeOptions: { ...plainVolume, Labels: { ...mount.labels } } }),
  };
}

/** The engine mounts a tmpfs noexec by default, where no configure script runs. The options are those of mount(8). */
function tmpfsEntry(mount: MountSpec): [string, string] {
  const options = [mount.readOnly === true ? 'ro' : 'rw', 'exec', 'nosuid', 'nodev', mount.source];
  return [mount.target, options.filter((option) => option !== '').join(',')];
}
