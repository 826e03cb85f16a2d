import { expect, it } from 'vitest';
import { chooseMount } from '../../../src/container/mounts.ts';
import { readTreeStamp } from '../../../src/container/tree-stamp.ts';
import { baseName, BuildWorld } from '../builder/build-world.ts';

const workspace = { run: '0123456789abcdef', volume: 'gentoo-builder-0123456789abcdef' };

async function stampOf(files: Readonly<Record<string, string>>): Promise<string | undefined> {
  using world = new BuildWorld({ tree: files });
  const tree = chooseMount('tree', undefined, undefined);
  const stamp = await readTreeStamp(world.context, workspace, { tree, image: baseName });
  expect(world.calls('createContainer')[0]?.[1]).toMatchObject({
    mounts: [{}, { source: 'gentoo-repository', target: '/mnt', readOnly: true }],
  });
  return stamp;
}

const git = { '/.git/HEAD': 'ref: refs/heads/main\n', '/.git/refs/heads/main': 'aaaa\n' };

it('the stamp of a tree is the same for the same state, and differs after each sync that changes the tree', async () => {
  const states: readonly Readonly<Record<string, string>>[] = [
    git,
    { ...git, '/.git/HEAD': 'ref: refs/heads/other\n' },
    { ...git, '/.git/refs/heads/main': 'bbbb\n' },
    { ...git, '/.git/packed-refs': 'cccc refs/heads/main\n' },
    { '/metadata/timestamp.chk': 'Mon\n' },
    { '/metadata/timestamp.chk': 'Tue\n' },
  ];
  const stamps = await Promise.all(states.map(stampOf));
  expect(stamps).toEqual(stamps.map(() => expect.stringMatching(/^[0-9a-f]{64}$/) as string));
  expect(new Set(stamps).size).toBe(states.length);
  expect(await stampOf({ ...git, '/app-misc/x.ebuild': 'y' })).toBe(stamps[0]);
});

it('a tree without references and time, or with references in reftables, has no stamp', async () => {
  expect(await stampOf({ '/profiles/repo_name': 'gentoo' })).toBeUndefined();
  expect(await stampOf({ ...git, '/.git/reftable/tables.list': 'x' })).toBeUndefined();
});
