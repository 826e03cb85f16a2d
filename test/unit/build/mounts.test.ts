import { describe, expect, it } from 'vitest';
import { chooseMount } from '../../../src/build/mounts.ts';
import type { Container, Mount } from '../../../src/engine/engine.ts';

const anonymous = 'ab'.repeat(32);

function builder(mounts: readonly Partial<Mount>[], changes: Partial<Container> = {}): Container {
  const complete = mounts.map((mount) => ({ type: 'volume', source: 'v', target: '/', readOnly: false, ...mount }));
  return { autoRemove: false, volumesFrom: [], mounts: complete, ...changes } as Container;
}

const tree = { target: '/var/db/repos/gentoo' };

describe('chooseMount', () => {
  it('takes what an option names, a path as a host path and a name as a volume', () => {
    const self = builder([{ ...tree, source: 'mounted' }]);
    expect(chooseMount('tree', '/srv/tree', self)).toMatchObject({
      type: 'bind',
      source: '/srv/tree',
      origin: 'given',
    });
    expect(chooseMount('tree', 'mine', self)).toMatchObject({ type: 'volume', source: 'mine', origin: 'given' });
  });

  it.each(['/var/db/repos/gentoo', '/usr/portage'])('hands on what is mounted in the builder at %s', (target) => {
    const self = builder([{ type: 'bind', source: '/home/tree', target, readOnly: true }], { autoRemove: true });
    expect(chooseMount('tree', undefined, self)).toEqual({
      role: 'tree',
      type: 'bind',
      source: '/home/tree',
      origin: 'given',
      readOnly: true,
    });
  });

  it('prefers what was mounted by name in the old place to the anonymous volume in the new one', () => {
    const self = builder([
      { ...tree, source: anonymous },
      { target: '/usr/portage', source: 'old' },
    ]);
    expect(chooseMount('tree', undefined, self)).toMatchObject({ source: 'old', origin: 'given' });
  });

  it('hands on the anonymous volume of a builder that is kept, or that borrowed it', () => {
    const own = { source: anonymous, origin: 'own' };
    expect(chooseMount('tree', undefined, builder([{ ...tree, source: anonymous }]))).toMatchObject(own);
    const removed = builder([{ ...tree, source: anonymous }], { autoRemove: true, volumesFrom: ['other'] });
    expect(chooseMount('tree', undefined, removed, new Set([anonymous]))).toMatchObject(own);
    expect(chooseMount('tree', undefined, removed)).toMatchObject({ origin: 'default' });
  });

  it('takes the named default where the anonymous volume would be lost, and outside a container', () => {
    const lost = builder([{ ...tree, source: anonymous }], { autoRemove: true });
    const expected = { type: 'volume', source: 'gentoo-repository', origin: 'default' };
    expect(chooseMount('tree', undefined, lost)).toMatchObject(expected);
    expect(chooseMount('tree', undefined, undefined)).toMatchObject(expected);
    expect(chooseMount('binpkgs', undefined, undefined).source).toBe('gentoo-binpkgs');
    expect(chooseMount('distfiles', undefined, undefined).source).toBe('gentoo-distfiles');
    expect(chooseMount('logs', undefined, undefined).source).toBe('gentoo-logs');
  });
});
