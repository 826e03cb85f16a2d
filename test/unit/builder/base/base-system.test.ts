import { describe, expect, it } from 'vitest';
import { inspectBaseSystem } from '../../../../src/builder/base/base-system.ts';
import type { GivenMakeConf } from '../../../../src/builder/base/make-conf.ts';
import { baseName, BuildWorld } from '../build-world.ts';

const workspace = { run: '0123456789abcdef', volume: 'gentoo-builder-0123456789abcdef' };
const shipped = {
  '/usr/bin/emerge': '',
  '/usr/share/portage/config/repos.conf':
    '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /shipped\nsync-type = rsync\nsync-uri = rsync://shipped\n',
};
const own = '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /own\nsync-type = git\nsync-uri = file:///own\n';
const other = (lines: string) => `\n[other]\nlocation = /other\n${lines}`;

async function inspect(files: Readonly<Record<string, string>>, given?: GivenMakeConf) {
  using world = new BuildWorld({ base: files });
  const base = { name: baseName, image: await world.engine.inspectImage(baseName) };
  const system = await inspectBaseSystem(world.engine, workspace, base, { given, emergeOptions: [] });
  const read = world.calls('readArchive').map(([, path]) => path);
  return { system, read };
}

describe('the configuration of a base', () => {
  it('is its own repos.conf if that is complete; the defaults of Portage are not even read', async () => {
    const { system, read } = await inspect({ ...shipped, '/etc/portage/repos.conf': own });
    expect(system).toMatchObject({
      repository: { name: 'gentoo', location: '/own', syncType: 'git', syncUri: 'file:///own' },
      otherSyncs: false,
    });
    expect(read.filter((path) => String(path).includes('/usr/share'))).toEqual([]);
  });

  it.each([
    ['file', '/etc/portage/repos.conf'],
    ['directory', '/etc/portage/repos.conf/gentoo.conf'],
  ])('completes the defaults of Portage, as a %s', async (_what, path) => {
    const { system } = await inspect({ ...shipped, [path]: '[gentoo]\nsync-type = git\n' });
    expect(system.repository).toMatchObject({ location: '/shipped', syncType: 'git', syncUri: 'rsync://shipped' });
  });

  it('is refused at a byte order mark in make.conf, and without repos.conf if that has one, as emerge does', async () => {
    await expect(inspect({ ...shipped, '/etc/portage/make.conf': '\uFEFFUSE="x"\n' })).rejects.toThrow(
      '/etc/portage/make.conf:1:1: a byte order mark (BOM) stands before the first name',
    );
    const { system } = await inspect({ ...shipped, '/etc/portage/repos.conf': `\uFEFF${own}` });
    expect(system.repository.location).not.toBe('/own');
  });

  it('is not read from files with similar names', async () => {
    const { system } = await inspect({
      ...shipped,
      '/etc/portage/repos.conf.bak': own,
      '/etc/portage/old/repos.conf': own,
    });
    expect(system.repository).toMatchObject({ location: '/shipped' });
  });

  it.each(['gentoo.conf~', '._cfg0000_gentoo.conf', '.gentoo.conf.swp', 'old~/gentoo.conf', 'CVS/gentoo.conf'])(
    'is not read from %s in repos.conf, which Portage skips',
    async (name) => {
      const { system } = await inspect({
        ...shipped,
        '/etc/portage/repos.conf/gentoo.conf': own,
        [`/etc/portage/repos.conf/${name}`]: name.endsWith('.swp') ? 'b0VIM\n' : '[gentoo]\nlocation = /backup\n',
      });
      expect(system.repository).toMatchObject({ location: '/own', syncUri: 'file:///own' });
    },
  );

  it('is read in the order of Portage: a directory stands at the place of its own name', async () => {
    const { system } = await inspect({
      ...shipped,
      '/etc/portage/repos.conf/a/gentoo.conf': own,
      '/etc/portage/repos.conf/a-later': '[gentoo]\nlocation = /later\n',
    });
    expect(system.repository.location).toBe('/later');
  });

  it.each([
    ['repos.conf is a link to a file', { '/etc/portage/repos.conf': '-> ../../opt/dotfiles/gentoo.conf' }],
    ['repos.conf is a link to a directory', { '/etc/portage/repos.conf': '-> /opt/dotfiles' }],
    [
      'a file is a link',
      { '/etc/portage/repos.conf/gentoo.conf': '-> /opt/link', '/opt/link': '-> dotfiles/gentoo.conf' },
    ],
    ['a directory is a link', { '/etc/portage/repos.conf/mine': '-> /opt/dotfiles' }],
    [
      'a link leads to the directory above it',
      { '/etc/portage/repos.conf': '-> /opt/dotfiles', '/opt/dotfiles/up': '-> .' },
    ],
  ])('is read through symbolic links: %s', async (_what, files: Readonly<Record<string, string>>) => {
    const { system } = await inspect({ ...shipped, '/opt/dotfiles/gentoo.conf': own, ...files });
    expect(system.repository).toMatchObject({ location: '/own', syncUri: 'file:///own' });
  });

  it.each([
    ['make.conf is a link', { '/etc/portage/make.conf': '-> ../../opt/make/50-tree.conf' }],
    ['make.conf is a link to a directory', { '/etc/portage/make.conf': '-> /opt/make' }],
    ['a file in make.conf is a link', { '/etc/portage/make.conf/50-tree.conf': '-> /opt/make/50-tree.conf' }],
  ])('has the variables of a make.conf behind links: %s', async (_what, files: Readonly<Record<string, string>>) => {
    const { system } = await inspect({ ...shipped, '/opt/make/50-tree.conf': 'PORTDIR="/mine"\n', ...files });
    expect(system.repository.location).toBe('/mine');
  });

  it('keeps the linked files of a directory make.conf if the user gives a make.conf, which is added to them', async () => {
    const { system } = await inspect(
      {
        ...shipped,
        '/opt/tree.conf': 'PORTDIR="/mine"\n',
        '/etc/portage/make.conf/50-tree.conf': '-> /opt/tree.conf',
      },
      { path: '/make.conf', text: 'USE="ssl"\n' },
    );
    expect(system.repository.location).toBe('/mine');
  });

  it('passes over a link that leads nowhere', async () => {
    const { system } = await inspect({ ...shipped, '/etc/portage/repos.conf/gentoo.conf': '-> /nowhere' });
    expect(system.repository.location).toBe('/shipped');
  });

  it.each([
    ['syncs another repository', 'sync-type = git\n', true],
    ['has another repository that is not synced', 'sync-type = git\nauto-sync = no\n', false],
    ['has another repository without a sync type', '', false],
  ])('%s', async (_what, lines, otherSyncs) => {
    const { system } = await inspect({ ...shipped, '/etc/portage/repos.conf': own + other(lines) });
    expect(system.otherSyncs).toBe(otherSyncs);
  });

  it('without emerge is refused', async () => {
    await expect(inspect({ '/etc/portage/repos.conf': own })).rejects.toMatchObject({
      code: 'base-unusable',
      message: `failed to use the base ${baseName}: it has no emerge (/usr/bin/emerge)`,
    });
  });
});
