import { execFileSync } from 'node:child_process';
import { mkdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeEntries } from '../../../../src/build/tuple/write-entries.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { branch } from '../../plan/sites.ts';
import { BuildWorld } from '../build-world.ts';

it('writes files with their modes, and any number of links wherever they lead and whatever they are called', async () => {
  using world = new BuildWorld();
  using home = temporaryDirectory();
  mkdirSync(join(home.path, 'kept'));
  const { id } = await world.buildContainer();
  world.engine.container(id).files.set('/etc/portage', {
    kind: 'directory',
    data: Buffer.alloc(0),
    linkTarget: '',
    modified: new Date(0),
  });
  // The program that makes the links is run for real.
  world.engine.onExec = (_container, { command: [program = '', ...args] }) => {
    execFileSync(
      program,
      args.map((word) => (word === '/etc/portage' ? home.path : word)),
    );
    return {};
  };
  const links: Record<string, string> = {
    'make.profile': '->../../var/db/repos/gentoo/profiles/a',
    'away/out': '->/nowhere/at/all',
    '-n': '->-f',
    'odd $(name) \'and\'\n"lines"': '->*',
    'deep/er/link': '->.',
    ...Object.fromEntries(Array.from({ length: 210 }, (_, index) => [`many/${index}`, `->../t ${index}`])),
  };
  const { entries } = branch('base', '', { ...links, 'bin/tool': '#!/bin/sh', 'make.conf': 'A="b"' });
  await writeEntries(world.context, { id }, '/etc/portage', entries);
  await writeEntries(world.context, { id }, '/etc/portage', entries);
  for (const [path, target] of Object.entries(links)) expect(readlinkSync(join(home.path, path))).toBe(target.slice(2));
  const { files } = world.engine.container(id);
  expect(files.get('/etc/portage/make.conf')?.data.toString()).toBe('A="b"');
  expect([...files.keys()].filter((path) => path.includes('many'))).toEqual([]);
});

it('says what kept it from making a link', async () => {
  using world = new BuildWorld();
  const { id } = await world.buildContainer();
  world.engine.onExec = () => ({ exitCode: 1, stderr: 'ln: no\n' });
  const { entries } = branch('base', '', { a: '->b' });
  await expect(writeEntries(world.context, { id }, '/', entries)).rejects.toMatchObject({
    code: 'assemble-failed',
    message: 'failed to make symbolic links below /: ln: no',
  });
});
