import { describe, expect, it } from 'vitest';
import { inspectBaseSystem } from '../../../src/builder/base-system.ts';
import { baseName, BuildWorld } from './build-world.ts';

const workspace = { run: '0123456789abcdef', volume: 'gentoo-builder-0123456789abcdef' };
const shipped = {
  '/usr/bin/emerge': '',
  '/usr/share/portage/config/repos.conf':
    '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /shipped\nsync-type = rsync\nsync-uri = rsync://shipped\n',
};
const own = '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /own\nsync-type = git\nsync-uri = file:///own\n';
const other = (lines: string) => `\n[other]\nlocation = /other\n${lines}`;

async function inspect(files: Readonly<Record<string, string>>) {
  using world = new BuildWorld({ base: files });
  const base = { name: baseName, image: await world.engine.inspectImage(baseName) };
  const system = await inspectBaseSystem(world.engine, workspace, base);
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

  it('is not read from files with similar names', async () => {
    const { system } = await inspect({
      ...shipped,
      '/etc/portage/repos.conf.bak': own,
      '/etc/portage/old/repos.conf': own,
    });
    expect(system.repository).toMatchObject({ location: '/shipped' });
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
