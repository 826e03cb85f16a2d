import { realpathSync } from 'node:fs';
import type { Container } from '../../engine/containers.ts';

/** The path of a directory on the engine's host; from a container, by the mount that the directory is in. */
export function directoryOnHost(directory: string, self: Pick<Container, 'id' | 'mounts'> | undefined): string {
  const path = realpathSync(directory);
  const mount = self?.mounts
    .filter(({ target }) => path === target || path.startsWith(`${target}/`))
    .toSorted((a, b) => b.target.length - a.target.length)[0];
  if (mount === undefined) return self === undefined ? path : `${self.id.slice(0, 12)}:${path}`;
  const prefix = mount.type === 'bind' ? mount.source : `volume ${mount.source}:`;
  return `${prefix}${path.slice(mount.target.length)}`;
}
