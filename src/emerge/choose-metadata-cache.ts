import { createHash } from 'node:crypto';
import type { Container } from '../engine/containers.ts';
import { chooseMount, defaultVolumes, type MountChoice } from '../container/mounts.ts';

/**
 * Chooses the volume of the metadata cache of a tree: the mount of the builder container, else a volume that belongs to this tree.
 * Two trees never share a volume, because Portage takes an entry for the entry of another ebuild if the entry was written in the
 * second in which the ebuild was (`portage.cache.flat_hash.mtime_md5_database`). Returns undefined for an anonymous tree: its
 * volume is removed with a container, and nobody would remove the volume of the cache.
 */
export function chooseMetadataCache(
  tree: MountChoice,
  self: Container | undefined,
  borrowed: ReadonlySet<string> = new Set(),
): MountChoice | undefined {
  const choice = chooseMount('metadata', undefined, self, borrowed);
  if (choice.origin !== 'default') return choice;
  if (tree.origin === 'own') return undefined;
  if (tree.type === 'volume' && tree.source === defaultVolumes.tree) return choice;
  const digest = createHash('sha256').update(`${tree.type} ${tree.source}`).digest('hex').slice(0, 12);
  return { ...choice, source: `${choice.source}-${digest}` };
}
