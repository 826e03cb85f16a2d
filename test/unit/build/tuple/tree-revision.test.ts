import { describe, expect, it } from 'vitest';
import type { MountChoice } from '../../../../src/build/mounts.ts';
import { findTrees, readRevisions } from '../../../../src/build/tuple/tree-revision.ts';
import { baseName, BuildWorld, nothing } from '../build-world.ts';

const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
const tree = { '/profiles/repo_name': 'gentoo\n' };

/** What a tree with these files is at. */
async function revisionOf(files: Readonly<Record<string, string>>): Promise<string | undefined> {
  using world = new BuildWorld();
  world.addVolume('a-tree', files);
  const choice: MountChoice = { role: 'tree', type: 'volume', source: 'a-tree', origin: 'given', readOnly: false };
  const image = await world.engine.inspectImage(baseName);
  if (image === undefined) throw new Error('there is no base');
  const trees = new Map([
    ['gentoo', choice],
    ['absent', { ...choice, source: 'not-there' }],
  ]);
  const found = await readRevisions(world.context, image, await findTrees(world.context, trees));
  expect(world.calls('startContainer')).toEqual([]);
  expect(world.left).toEqual(nothing);
  expect(found.has('absent')).toBe(false);
  return found.get('gentoo');
}

describe('what a tree is at', () => {
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
  ])('is the commit of %s', async (_what, files) => {
    expect(await revisionOf({ ...tree, ...files })).toBe(one);
  });

  it('is the stamp of a tree from rsync or from a snapshot', async () => {
    const stamp = 'Sun, 22 Nov 2026 21:00:56 +0000';
    expect(await revisionOf({ ...tree, '/metadata/timestamp.chk': `${stamp}\n` })).toBe(stamp);
    expect(await revisionOf({ '/metadata/layout.conf': '', '/metadata/timestamp.chk': `${stamp}\n` })).toBe(stamp);
  });

  it.each([
    ['has neither', {}],
    ['has a repository without a commit', { '/.git/HEAD': 'ref: refs/heads/master\n' }],
    ['has its repository elsewhere', { '/.git': 'gitdir: ../modules/gentoo\n' }],
    ['keeps its references in tables', { '/.git/HEAD': 'ref: refs/heads/.invalid\n', '/.git/refs/heads': 'x' }],
  ])('is a digest of its files where it %s', async (_what, files) => {
    const found = await revisionOf({ ...tree, ...files });
    expect(found).toMatch(/^files-[0-9a-f]{40}$/);
    expect(await revisionOf({ ...tree, ...files })).toBe(found);
    expect(await revisionOf({ ...tree, ...files, '/a/a-1.ebuild': '' })).not.toBe(found);
  });

  it('is nothing where there is no repository', async () => {
    expect(await revisionOf({})).toBeUndefined();
    expect(await revisionOf({ '/.git/HEAD': one, '/lost+found/': '' })).toBeUndefined();
  });
});
