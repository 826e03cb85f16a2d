import { expect, it } from 'vitest';
import { chooseMetadataCache } from '../../../src/emerge/choose-metadata-cache.ts';
import { chooseMount } from '../../../src/container/mounts.ts';
import type { Container } from '../../../src/engine/containers.ts';

const sourceFor = (tree: string | undefined) =>
  chooseMetadataCache(chooseMount('tree', tree, undefined), undefined)?.source;

it('case 5.11: every tree has a metadata cache of its own, because Portage may take an entry of another tree for its own', () => {
  expect(sourceFor(undefined)).toBe('gentoo-metadata');
  const others = ['overlay', '/overlay', '/srv/overlay'].map(sourceFor);
  for (const source of others) expect(source).toMatch(/^gentoo-metadata-[0-9a-f]{12}$/);
  expect(new Set(others).size).toBe(3);
  expect(sourceFor('overlay')).toBe(others[0]);
});

it('case 5.11: the default volume that the user names is the default volume', () => {
  expect(sourceFor('gentoo-repository')).toBe('gentoo-metadata');
  expect(sourceFor('/gentoo-repository')).not.toBe('gentoo-metadata');
});

it('case 5.11: a mount of the builder container at /var/cache/edb/dep is the cache, whatever the tree is', () => {
  const mount = { type: 'volume', source: 'mine', target: '/var/cache/edb/dep', readOnly: true };
  const self = { autoRemove: true, volumesFrom: [], mounts: [mount] } as unknown as Container;
  expect(chooseMetadataCache(chooseMount('tree', 'other', undefined), self)).toEqual({
    ...{ role: 'metadata', type: 'volume', source: 'mine', origin: 'given', readOnly: true },
  });
});

it('case 5.11: an anonymous tree has no cache, because nobody would remove its volume', () => {
  const tree = { ...chooseMount('tree', 'ab'.repeat(32), undefined), origin: 'own' } as const;
  expect(chooseMetadataCache(tree, undefined)).toBeUndefined();
});
