import type { ContainerCreateOptions } from 'dockerode';

import type { ContainerSpec, MountSpec } from './engine.ts';

/** The body of `POST /containers/create`: nothing in it but what `spec` says, since a commit hands the rest on. */
export function createContainerBody(name: string, spec: ContainerSpec): ContainerCreateOptions {
  return {
    name,
    Image: spec.image,
    // One empty string is how `docker run --entrypoint ''` takes the image's entrypoint away, on Podman too. With the
    // command as Cmd alone the container has no entrypoint to hand on, which `ENTRYPOINT []` could not take out.
    Entrypoint: [''],
    Cmd: [...spec.command],
    ...(spec.labels === undefined ? {} : { Labels: { ...spec.labels } }),
    ...(spec.openStdin === true ? { OpenStdin: true, StdinOnce: true } : {}),
    HostConfig: {
      Mounts: spec.mounts.filter(({ type }) => type !== 'tmpfs').map(mountSettings),
      Tmpfs: Object.fromEntries(spec.mounts.filter(({ type }) => type === 'tmpfs').map(tmpfsEntry)),
      AutoRemove: spec.autoRemove ?? false,
      ...(spec.init === undefined ? {} : { Init: spec.init }),
      ...(spec.capabilities === undefined ? {} : { CapAdd: [...spec.capabilities] }),
      // Without the second, as much swap again may be used.
      ...(spec.memory === undefined ? {} : { Memory: spec.memory, MemorySwap: spec.memory }),
      ...(spec.cpus === undefined ? {} : { NanoCpus: Math.round(spec.cpus * 1e9) }),
      ...(spec.network === undefined ? {} : { NetworkMode: spec.network }),
      ...(spec.keepLog === false ? { LogConfig: { Type: 'none', Config: {} } } : {}),
    },
  };
}

function mountSettings(mount: MountSpec): {
  Type: 'bind' | 'volume';
  Source: string;
  Target: string;
  ReadOnly: boolean;
} {
  return {
    Type: mount.type === 'bind' ? 'bind' : 'volume',
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readOnly ?? false,
  };
}

/** The engine's default for tmpfs is noexec, where no configure script runs; it takes mount(8) options. */
function tmpfsEntry(mount: MountSpec): [string, string] {
  const options = [mount.readOnly === true ? 'ro' : 'rw', 'exec', 'nosuid', 'nodev', mount.source];
  return [mount.target, options.filter((option) => option !== '').join(',')];
}
