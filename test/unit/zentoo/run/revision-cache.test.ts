import { describe, expect, it, vi } from 'vitest';
import type { MountChoice } from '../../../../src/container/mounts.ts';
import { readRevisions } from '../../../../src/zentoo/run/tree-revision.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { fakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { baseName, BuildWorld, nothing } from '../../builder/build-world.ts';

const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
const choice: MountChoice = { role: 'tree', type: 'volume', source: 'a-tree', origin: 'given', readOnly: false };
const clone = {
  '/profiles/repo_name': 'gentoo\n',
  '/.git/HEAD': 'ref: refs/heads/a/b\n',
  '/.git/refs/heads/a/b': `${one}\n`,
};

/** A tree, the state of its site, and a look at the one with the other. */
function open(files: Readonly<Record<string, string>> = clone) {
  const world = new BuildWorld();
  world.addVolume('a-tree', files);
  world.addVolume('zentoo-net-state');
  const tree = world.engine.volumes.get('a-tree')?.files ?? new Map();
  return {
    world,
    [Symbol.dispose]: () => world[Symbol.dispose](),
    async read() {
      const image = await world.engine.inspectImage(baseName);
      if (image === undefined) throw new Error('there is no base');
      const before = world.calls('readArchive').length;
      const found = await readRevisions(world.context, image, new Map([['gentoo', choice]]), 'zentoo-net-state');
      expect(world.left).toEqual(nothing);
      return { revision: found.get('gentoo'), archives: world.calls('readArchive').length - before };
    },
    /** A file as somebody writes it at that second of 1970. */
    write(path: string, text: string, second: number) {
      const [file] = fakeFiles({ [path]: text }).values();
      if (file === undefined) throw new Error('there is no file');
      tree.set(path, { ...file, modified: new Date(second * 1000) });
    },
    remove: (path: string) => tree.delete(path),
  };
}

describe('the cached revision of a tree', () => {
  it('is found without reading a file while none of its files changes', async () => {
    using tree = open();
    expect(await tree.read()).toEqual({ revision: one, archives: 2 });
    expect(await tree.read()).toEqual({ revision: one, archives: 0 });
    tree.write('/app-misc/a/a-1.ebuild', 'EAPI=8', 1000);
    expect(await tree.read()).toEqual({ revision: one, archives: 0 });
  });

  it.each<[string, (tree: ReturnType<typeof open>) => void, string | undefined]>([
    ['the branch moved', (tree) => tree.write('/.git/refs/heads/a/b', `${two}\n`, 1000), two],
    ['another branch is checked out', (tree) => tree.write('/.git/HEAD', `${two}\n`, 0), two],
    [
      'the branch was packed',
      (tree) => {
        tree.remove('/.git/refs/heads/a/b');
        tree.write('/.git/packed-refs', `${two} refs/heads/a/b\n`, 0);
      },
      two,
    ],
    ['there is no repository any more', (tree) => tree.remove('/profiles/repo_name'), undefined],
  ])('is read again if %s', async (_, change, revision) => {
    using tree = open();
    await tree.read();
    change(tree);
    expect((await tree.read()).revision).toBe(revision);
    expect((await tree.read()).revision).toBe(revision);
  });

  it('is read again if a file appears that takes precedence', async () => {
    const stamp = 'Sun, 22 Nov 2026 21:00:56 +0000';
    using tree = open({ '/metadata/layout.conf': 'repo-name = x\n', '/metadata/timestamp.chk': `${stamp}\n` });
    expect(await tree.read()).toEqual({ revision: stamp, archives: 2 });
    expect(await tree.read()).toEqual({ revision: stamp, archives: 0 });
    tree.write('/.git/HEAD', one, 1000);
    expect(await tree.read()).toEqual({ revision: one, archives: 2 });
  });

  it('is not used while a file is so new that another write may leave the same time', async () => {
    using tree = open();
    tree.write('/.git/refs/heads/a/b', `${two}\n`, Date.now() / 1000);
    expect(await tree.read()).toEqual({ revision: two, archives: 2 });
    expect(await tree.read()).toEqual({ revision: two, archives: 2 });
  });

  it.each([
    ['cached if its files are older than two seconds', 2001, 0],
    ['not cached if a file is two seconds old', 2000, 2],
  ])('is %s', async (_, age, archives) => {
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.parse('2026-11-30T12:00:00Z'));
    using tree = open();
    tree.write('/.git/refs/heads/a/b', `${two}\n`, (now() - age) / 1000);
    await tree.read();
    expect(await tree.read()).toEqual({ revision: two, archives });
  });

  it.each([
    ['kept for a branch whose name is as long as a name of a file may be', 200 - '.git%2Frefs%2Fheads%2F'.length, 0],
    ['not kept for a branch whose name is longer', 201 - '.git%2Frefs%2Fheads%2F'.length, 2],
  ])('is %s', async (_, length, archives) => {
    const name = 'b'.repeat(length);
    const files = { [`/.git/refs/heads/${name}`]: one, '/.git/HEAD': `ref: refs/heads/${name}` };
    using tree = open({ '/profiles/repo_name': 'gentoo\n', ...files });
    await tree.read();
    expect(await tree.read()).toEqual({ revision: one, archives });
  });

  it('is a link of the state volume, with the format, a digest, the revision and the files, each as one name', async () => {
    using tree = open();
    await tree.read();
    expect(tree.world.engine.volumes.get('zentoo-net-state')?.files.get('/revisions/gentoo')).toMatchObject({
      kind: 'symlink',
      linkTarget: expect.stringMatching(
        `^at1/[0-9a-f]{32}/${one}/profiles%2Frepo_name/.git%2FHEAD/.git%2Frefs%2Fheads%2Fa%2Fb$`,
      ),
    });
  });

  it('is found if the engine describes the link by the path of its target', async () => {
    using tree = open();
    await tree.read();
    const files = tree.world.engine.volumes.get('zentoo-net-state')?.files;
    const link = files?.get('/revisions/gentoo');
    if (link === undefined) throw new Error('there is no link');
    files?.set('/revisions/gentoo', { ...link, linkTarget: `/mnt/state/revisions/${link.linkTarget}` });
    expect(await tree.read()).toEqual({ revision: one, archives: 0 });
    files?.set('/revisions/gentoo', { ...link, linkTarget: `x${link.linkTarget}` });
    expect(await tree.read()).toEqual({ revision: one, archives: 2 });
  });

  it('does not hide that the engine is gone', async () => {
    using tree = open();
    tree.world.engine.fault({ method: 'writeArchive', error: new Error('the engine is gone') });
    await expect(tree.read()).rejects.toThrow('the engine is gone');
  });

  it.each([
    ['that has neither git nor a stamp', { '/profiles/repo_name': 'gentoo\n' }],
    ['whose HEAD is a link', { ...clone, '/.git/HEAD': '-> elsewhere', '/metadata/timestamp.chk': 'Sun\n' }],
    ['whose branch has a name that is too long', { ...clone, '/.git/HEAD': `ref: refs/heads/${'long/'.repeat(50)}a` }],
  ])('is not kept for a tree %s', async (_, files) => {
    using tree = open(files);
    const { archives } = await tree.read();
    expect(archives).toBeGreaterThan(0);
    expect((await tree.read()).archives).toBe(archives);
  });

  it('is ignored if it cannot be written, or if another program wrote it', async () => {
    using tree = open();
    tree.world.engine.fault({ method: 'writeArchive', error: new EngineRefusal(500, 'read-only'), nth: 1 });
    expect((await tree.read()).revision).toBe(one);
    const [link] = fakeFiles({ '/revisions/gentoo': '' }).values();
    if (link === undefined) throw new Error('there is no link');
    for (const linkTarget of ['at1', `at1/${'0'.repeat(32)}/%`, '/etc/passwd', `at0/${'0'.repeat(32)}/${two}/x`]) {
      tree.world.engine.volumes
        .get('zentoo-net-state')
        ?.files.set('/revisions/gentoo', { ...link, kind: 'symlink', linkTarget });
      expect((await tree.read()).revision).toBe(one);
    }
  });
});
