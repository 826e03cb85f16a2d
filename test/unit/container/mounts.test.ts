import { describe, expect, it } from 'vitest';
import {
  chooseMount,
  defaultTarget,
  describeMount,
  findBorrowedVolumes,
  mountAt,
} from '../../../src/container/mounts.ts';
import type { Container, Mount } from '../../../src/engine/containers.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';

const anonymous = 'ab'.repeat(32);

function builder(mounts: readonly Partial<Mount>[], changes: Partial<Container> = {}): Container {
  const complete = mounts.map((mount) => ({ type: 'volume', source: 'v', target: '/', readOnly: false, ...mount }));
  return { autoRemove: false, volumesFrom: [], mounts: complete, ...changes } as Container;
}

const tree = { target: '/var/db/repos/gentoo' };

describe('chooseMount', () => {
  it('takes the value of the option: a path as a host path, a name as a volume', () => {
    const self = builder([{ ...tree, source: 'mounted' }]);
    expect(chooseMount('tree', '/srv/tree', self)).toMatchObject({
      type: 'bind',
      source: '/srv/tree',
      origin: 'given',
    });
    expect(chooseMount('tree', 'mine', self)).toMatchObject({ type: 'volume', source: 'mine', origin: 'given' });
  });

  it.each(['/var/db/repos/gentoo', '/usr/portage'])('takes the mount of the builder container at %s', (target) => {
    const self = builder([{ type: 'bind', source: '/home/tree', target, readOnly: true }], { autoRemove: true });
    expect(chooseMount('tree', undefined, self)).toEqual({
      role: 'tree',
      type: 'bind',
      source: '/home/tree',
      origin: 'given',
      readOnly: true,
    });
  });

  it('prefers a named mount in the old place to an anonymous volume in the new place', () => {
    const self = builder([
      { ...tree, source: anonymous },
      { target: '/usr/portage', source: 'old' },
    ]);
    expect(chooseMount('tree', undefined, self)).toMatchObject({ source: 'old', origin: 'given' });
  });

  it('takes an anonymous volume if the builder is kept or got the volume by --volumes-from', () => {
    const own = { source: anonymous, origin: 'own' };
    expect(chooseMount('tree', undefined, builder([{ ...tree, source: anonymous }]))).toMatchObject(own);
    const removed = builder([{ ...tree, source: anonymous }], { autoRemove: true, volumesFrom: ['other'] });
    expect(chooseMount('tree', undefined, removed, new Set([anonymous]))).toMatchObject(own);
    expect(chooseMount('tree', undefined, removed)).toMatchObject({ origin: 'default' });
  });

  it('takes the default volume outside a container, and if the anonymous volume would be lost', () => {
    const lost = builder([{ ...tree, source: anonymous }], { autoRemove: true });
    const expected = { type: 'volume', source: 'gentoo-repository', origin: 'default' };
    expect(chooseMount('tree', undefined, lost)).toMatchObject(expected);
    expect(chooseMount('tree', undefined, undefined)).toMatchObject(expected);
    expect(chooseMount('binpkgs', undefined, undefined).source).toBe('gentoo-binpkgs');
    expect(chooseMount('distfiles', undefined, undefined).source).toBe('gentoo-distfiles');
    expect(chooseMount('logs', undefined, undefined).source).toBe('gentoo-logs');
  });
});

it('each role has a usual place in the build container', () => {
  const roles = ['tree', 'binpkgs', 'distfiles', 'logs', 'metadata'] as const;
  expect(roles.map((role) => defaultTarget(role))).toEqual([
    ...['/var/db/repos/gentoo', '/var/cache/binpkgs', '/var/cache/distfiles', '/var/log/portage', '/var/cache/edb/dep'],
  ]);
});

it.each(['binpkgs', 'distfiles', 'logs', 'metadata'] as const)(
  'the mount of the builder for %s is recognised',
  (role) => {
    const self = builder([
      { type: 'tmpfs', source: '', target: defaultTarget(role) },
      { source: 'mine', target: defaultTarget(role), readOnly: true },
      { source: 'other', target: '/elsewhere' },
    ]);
    expect(chooseMount(role, undefined, self)).toEqual({
      ...{ role, type: 'volume', source: 'mine', origin: 'given', readOnly: true },
    });
    const elsewhere = builder([{ type: 'tmpfs', source: '', target: defaultTarget(role) }]);
    expect(chooseMount(role, undefined, elsewhere)).toMatchObject({ origin: 'default', readOnly: false });
  },
);

it('only 64 hexadecimal digits are the name of an anonymous volume', () => {
  for (const source of [`${anonymous}0`, anonymous.slice(1), `x${anonymous}`, anonymous.replace('a', 'g')])
    expect(chooseMount('tree', undefined, builder([{ ...tree, source }], { autoRemove: true }))).toMatchObject({
      source,
      origin: 'given',
    });
});

it('a choice is mounted and described as a volume or as a path', () => {
  const volume = chooseMount('tree', 'mine', undefined);
  const path = { ...chooseMount('tree', '/srv/tree', undefined), readOnly: true };
  expect(mountAt(volume, '/t')).toEqual({ type: 'volume', source: 'mine', target: '/t', readOnly: false });
  expect(mountAt(path, '/t')).toEqual({ type: 'bind', source: '/srv/tree', target: '/t', readOnly: true });
  expect([describeMount(volume), describeMount(path)]).toEqual(['the volume mine', '/srv/tree']);
});

describe('the anonymous volumes that outlive the builder', () => {
  const self = (changes: Partial<Container>) =>
    builder(
      [
        { ...tree, source: anonymous },
        { target: '/x', source: 'named' },
      ],
      { id: 'me' as ContainerId, volumesFrom: ['other'], ...changes },
    );
  const engine = (...users: readonly string[]) => {
    const asked: string[] = [];
    const containersWithVolume = async (name: string) => (
      asked.push(name),
      users.map((id) => ({ id, name: '', targets: [] }))
    );
    return { asked, engine: { containersWithVolume } as unknown as Parameters<typeof findBorrowedVolumes>[0] };
  };

  it('are those that another container has, too', async () => {
    const { asked, engine: shared } = engine('me', 'other');
    expect(await findBorrowedVolumes(shared, self({}))).toEqual(new Set([anonymous]));
    expect(asked).toEqual([anonymous]);
    expect(await findBorrowedVolumes(engine('me').engine, self({}))).toEqual(new Set());
  });

  it('are none outside a container and without --volumes-from, and the engine is not asked', async () => {
    const { asked, engine: shared } = engine('me', 'other');
    expect(await findBorrowedVolumes(shared, undefined)).toEqual(new Set());
    expect(await findBorrowedVolumes(shared, self({ volumesFrom: [] }))).toEqual(new Set());
    expect(asked).toEqual([]);
  });
});
