import type { Container, PathStat } from '../../../src/engine/containers.ts';
import type { EngineFlavour } from '../../../src/engine/engine.ts';
import type { Image, ListedImage } from '../../../src/engine/images.ts';

/** The answer to `GET /images/{name}/json`. */
export function imageJson(flavour: EngineFlavour, image: Image): object {
  const { id, names, digests, layers, labels, entrypoint, user, created, size } = image;
  return {
    Id: id,
    RepoTags: names.map((name) => nameIn(flavour, name)),
    RepoDigests: flavour === 'podman' ? podmanDigests(names, id) : digests,
    RootFS: { Type: 'layers', Layers: layers },
    Config: { Labels: labels, Entrypoint: entrypoint.length === 0 ? null : entrypoint, User: user },
    Created: created,
    Size: size,
  };
}

/** Podman gives every image with a name a digest, also one that no registry has. */
function podmanDigests(names: readonly string[], id: string): string[] {
  return names.map((name) => `${nameIn('podman', name).replace(/:[^/]*$/, '')}@${id}`);
}

/** An entry of the answer to `GET /images/json`. */
export function listedImageJson(flavour: EngineFlavour, image: ListedImage): object {
  const { id, names, labels, parent = '', created, size } = image;
  const unnamed = flavour === 'podman' ? null : ['<none>:<none>'];
  return {
    Id: id,
    ParentId: flavour === 'podman' ? parent.replace('sha256:', '') : parent,
    RepoTags: names.length === 0 ? unnamed : names.map((name) => nameIn(flavour, name)),
    Labels: labels,
    Created: Date.parse(created) / 1000,
    Size: size,
  };
}

/** Podman's name of an image without a registry. */
function nameIn(flavour: EngineFlavour, name: string): string {
  return flavour === 'podman' ? `localhost/${name}` : name;
}

/** The answer to `GET /containers/{id}/json`; mounts in no particular order. */
export function containerJson(container: Container): object {
  const { id, name, image, state, startedAt, exitCode, oomKilled, labels, autoRemove, mounts, upperDir } = container;
  return {
    Id: id,
    Name: `/${name}`,
    Image: image,
    State: { Status: state, StartedAt: startedAt, ExitCode: exitCode, OOMKilled: oomKilled },
    Config: { Labels: labels },
    HostConfig: { AutoRemove: autoRemove, VolumesFrom: null },
    GraphDriver: { Name: 'overlay2', Data: { UpperDir: upperDir } },
    Mounts: mounts.toReversed().map(({ type, source, target, readOnly }) => ({
      Type: type,
      ...(type === 'volume' ? { Name: source, Source: `/var/lib/docker/volumes/${source}/_data` } : { Source: source }),
      Destination: target,
      RW: !readOnly,
    })),
  };
}

/** The answer to `GET /exec/{id}/json`: Podman says 0 before the process has ended. */
export function execJson(flavour: EngineFlavour, isStarted: boolean, exitCode: number | undefined): object {
  const hasEnded = exitCode !== undefined;
  return {
    Running: isStarted && !hasEnded,
    ExitCode: exitCode ?? (flavour === 'podman' ? 0 : null),
    Pid: isStarted && flavour === 'docker' ? 4711 : 0,
    CanRemove: flavour === 'podman' && hasEnded,
  };
}

const modes = { file: 0o644, directory: 0x8000_0000 + 0o755, symlink: 0x0800_0000 + 0o777, other: 0x0200_0000 };

/** The header `X-Docker-Container-Path-Stat` for `path`: Podman 4.3 gives a file without a link its own path as link target. */
export function pathStatHeader(flavour: EngineFlavour, path: string, stated: PathStat): string {
  const { name, size, kind, modified } = stated;
  const linkTarget = flavour === 'podman' && kind !== 'symlink' ? path : stated.linkTarget;
  const stat = { name, size, mode: modes[kind], mtime: modified.toISOString(), linkTarget };
  return Buffer.from(JSON.stringify(stat)).toString('base64');
}
