import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { measureSpace } from '../../../src/job/measure-space.ts';
import { BuildWorld } from '../builder/build-world.ts';

it('case 3.2: the file systems of a build are measured by the real program, each once', async () => {
  using world = new BuildWorld();
  const session = await world.session();
  const directories: string[] = [];
  world.engine.onExec = (_container, { command: [shell = '', ...args] }) => {
    const places = args.slice(3);
    directories.push(...places);
    // The directories of this machine stand for those of the container.
    return { stdout: execFileSync(shell, [...args.slice(0, 3), '/', '/proc', '/nowhere', '/']).toString() };
  };
  const spaces = await measureSpace(session);
  expect(directories).toEqual(
    expect.arrayContaining([
      ...['/var/tmp/portage', '/var/log/portage', '/var/cache/binpkgs', '/var/cache/distfiles'],
      ...['/var/cache/edb/dep', '/var/db/repos/gentoo', '/'],
    ]),
  );
  const { blocks, bsize } = statfsSync('/');
  expect(spaces).toMatchObject([{ directory: '/', size: blocks * bsize }]);
});

it('case 3.2: nothing is known of a container that does not answer', async () => {
  using world = new BuildWorld();
  const session = await world.session();
  world.engine.onExec = () => {
    throw new Error('gone');
  };
  expect(await measureSpace(session)).toEqual([]);
});
