import { describe, expect, it } from 'vitest';
import type { MountChoice } from '../../../../src/container/mounts.ts';
import { findExistingTrees, readRevisions } from '../../../../src/zentoo/run/tree-revision.ts';
import { baseName, BuildWorld, nothing } from '../../builder/build-world.ts';

const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
const tree = { '/profiles/repo_name': 'gentoo\n' };

const volume: MountChoice = { role: 'tree', type: 'volume', source: 'a-tree', origin: 'given', readOnly: false };

/** What a tree with these files is at. */
async function revisionOf(files: Readonly<Record<string, string>>): Promise<string | undefined> {
  using world = new BuildWorld();
  world.addVolume('a-tree', files);
  const image = await world.engine.inspectImage(baseName);
  if (image === undefined) throw new Error('there is no base');
  const trees = new Map([
    ['gentoo', volume],
    ['absent', { ...volume, source: 'not-there' }],
  ]);
  const found = await readRevisions(world.context, image, await findExistingTrees(world.context, trees));
  expect(world.calls('startContainer')).toEqual([]);
  expect(world.left).toEqual(nothing);
  expect(found.has('absent')).toBe(false);
  return found.get('gentoo');
}

describe('the revision of a tree', () => {
  it.each([
    ['a detached HEAD', { '/.git/HEAD': `${one}\n` }],
    ['a branch', { '/.git/HEAD': 'ref: refs/heads/a/b\n', '/.git/refs/heads/a/b': `${one}\n` }],
    [
      'a branch that is packed',
      {
        '/.git/HEAD': 'ref: refs/heads/b\n',
        '/.git/packed-refs': `# pack-refs with: peeled\n${two} refs/heads/a/refs/heads/b\n${two} refs/heads/bb\n${one} refs/heads/b\n^${two}\n`,
      },
    ],
    [
      'a branch that has moved since it was packed',
      {
        '/.git/HEAD': 'ref: refs/heads/b\n',
        '/.git/refs/heads/b': `${one}\n`,
        '/.git/packed-refs': `${two} refs/heads/b\n`,
      },
    ],
    ['git, beside the stamp of rsync', { '/.git/HEAD': one, '/metadata/timestamp.chk': 'Sun\n' }],
    [
      'a branch whose file ends with white space',
      { '/.git/HEAD': 'ref: refs/heads/b \n', '/.git/refs/heads/b': ` ${one} \n` },
    ],
  ])('is the commit of %s', async (_what, files) => {
    expect(await revisionOf({ ...tree, ...files })).toBe(one);
  });

  it('is the time stamp of a tree from rsync or from a snapshot', async () => {
    const stamp = 'Sun, 22 Nov 2026 21:00:56 +0000';
    expect(await revisionOf({ ...tree, '/metadata/timestamp.chk': `${stamp}\n` })).toBe(stamp);
    expect(
      await revisionOf({ '/metadata/layout.conf': 'repo-name = x\n', '/metadata/timestamp.chk': `${stamp}\n` }),
    ).toBe(stamp);
  });

  it.each([
    ['has neither a commit nor a stamp', {}],
    ['has a repository without a commit', { '/.git/HEAD': 'ref: refs/heads/master\n' }],
    ['has its repository elsewhere', { '/.git': 'gitdir: ../modules/gentoo\n' }],
    ['keeps its references in tables', { '/.git/HEAD': 'ref: refs/heads/.invalid\n', '/.git/refs/heads': 'x' }],
  ])('is a digest of all files of a tree that %s', async (_what, files) => {
    const found = await revisionOf({ ...tree, ...files });
    expect(found).toMatch(/^files-[0-9a-f]{40}$/);
    expect(await revisionOf({ ...tree, ...files })).toBe(found);
    expect(await revisionOf({ ...tree, ...files, '/a/a-1.ebuild': '' })).not.toBe(found);
  });

  it('is undefined without a repository', async () => {
    expect(await revisionOf({ '/metadata/layout.conf': 'masters = gentoo\n', '/.git/HEAD': one })).toBeUndefined();
    expect(await revisionOf({})).toBeUndefined();
    expect(await revisionOf({ '/.git/HEAD': one, '/lost+found/': '' })).toBeUndefined();
  });

  it('is a commit of 64 digits in a repository with SHA-256', async () => {
    expect(await revisionOf({ ...tree, '/.git/HEAD': `${'3'.repeat(64)}\n` })).toBe('3'.repeat(64));
  });

  it.each(['', 'f'.repeat(39), 'f'.repeat(41), 'F'.repeat(40), `x${one}`, 'f'.repeat(63), `ref: ${one} b`, `x ref: b`])(
    'is no commit if HEAD is %j',
    async (head) => {
      const stamped = { ...tree, '/.git/HEAD': head, '/.git/b': one, '/metadata/timestamp.chk': 'Sun\n' };
      expect(await revisionOf(stamped)).toBe('Sun');
    },
  );

  it('is no empty time stamp', async () => {
    expect(await revisionOf({ ...tree, '/metadata/timestamp.chk': ' \n' })).toMatch(/^files-/);
  });

  it('is read of each tree, all in one container that mounts them read-only', async () => {
    using world = new BuildWorld();
    for (const [name, commit] of [
      ['a-tree', one],
      ['b-tree', two],
    ] as const)
      world.addVolume(name, { ...tree, '/.git/HEAD': commit });
    const image = await world.engine.inspectImage(baseName);
    if (image === undefined) throw new Error('there is no base');
    const trees = new Map([
      ['b', { ...volume, source: 'b-tree' }],
      ['a', volume],
    ]);
    expect(await readRevisions(world.context, image, trees)).toEqual(
      new Map([
        ['b', two],
        ['a', one],
      ]),
    );
    expect(world.calls('createContainer')).toMatchObject([
      [
        expect.anything(),
        {
          image: image.id,
          mounts: [
            {},
            { source: 'b-tree', target: '/mnt/0', readOnly: true },
            { source: 'a-tree', target: '/mnt/1', readOnly: true },
          ],
        },
      ],
    ]);
  });

  it('needs no container if there are no trees', async () => {
    using world = new BuildWorld();
    const image = await world.engine.inspectImage(baseName);
    if (image === undefined) throw new Error('there is no base');
    expect(await readRevisions(world.context, image, new Map())).toEqual(new Map());
    expect(world.calls('createContainer')).toEqual([]);
  });

  it('is looked for in every directory of the host, and in the volumes that the engine has', async () => {
    using world = new BuildWorld();
    world.addVolume('a-tree');
    const bind = { ...volume, type: 'bind', source: '/srv/not-there' } as const;
    const trees = new Map<string, MountChoice>([
      ['bind', bind],
      ['volume', volume],
      ['absent', { ...volume, source: 'not-there' }],
    ]);
    expect([...(await findExistingTrees(world.context, trees)).keys()]).toEqual(['bind', 'volume']);
  });
});
