import { describe, expect, it } from 'vitest';
import type { MountChoice } from '../../../../src/build/mounts.ts';
import { readRevisions } from '../../../../src/build/tuple/tree-revision.ts';
import { EngineRefusal } from '../../../../src/engine/engine.ts';
import { fakeFiles } from '../../../support/fake-engine-files.ts';
import { baseName, BuildWorld, nothing } from '../build-world.ts';

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

describe('what a tree was at', () => {
  it('is known without reading a file as long as none of those that it was read from changes', async () => {
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
  ])('is read again where %s', async (_, change, revision) => {
    using tree = open();
    await tree.read();
    change(tree);
    expect((await tree.read()).revision).toBe(revision);
    expect((await tree.read()).revision).toBe(revision);
  });

  it('is read again where a file appears that was looked for before the others', async () => {
    const stamp = 'Sun, 22 Nov 2026 21:00:56 +0000';
    using tree = open({ '/metadata/layout.conf': '', '/metadata/timestamp.chk': `${stamp}\n` });
    expect(await tree.read()).toEqual({ revision: stamp, archives: 1 });
    expect(await tree.read()).toEqual({ revision: stamp, archives: 0 });
    tree.write('/.git/HEAD', one, 1000);
    expect(await tree.read()).toEqual({ revision: one, archives: 1 });
  });

  it('is read each time where a file of it was written so lately that another write may have the same time', async () => {
    using tree = open();
    tree.write('/.git/refs/heads/a/b', `${two}\n`, Date.now() / 1000);
    expect(await tree.read()).toEqual({ revision: two, archives: 2 });
    expect(await tree.read()).toEqual({ revision: two, archives: 2 });
  });

  it.each([
    ['that has neither git nor a stamp', { '/profiles/repo_name': 'gentoo\n' }],
    ['whose branch has a name that is too long', { ...clone, '/.git/HEAD': `ref: refs/heads/${'long/'.repeat(50)}a` }],
  ])('is read each time of one %s', async (_, files) => {
    using tree = open(files);
    const { archives } = await tree.read();
    expect(archives).toBeGreaterThan(0);
    expect((await tree.read()).archives).toBe(archives);
  });

  it('is no fault where it cannot be kept, or was kept by somebody else', async () => {
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
