import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeEntries } from '../../../../src/zentoo/configure/write-entries.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { branch } from '../../plan/sites.ts';
import { BuildWorld } from '../../builder/build-world.ts';
import { readBytes } from '../../builder/fake-unpack.ts';

it('writes files with their modes, and any number of links wherever they lead and whatever they are called', async () => {
  using world = new BuildWorld();
  using home = temporaryDirectory();
  mkdirSync(join(home.path, 'kept'));
  const session = await world.session();
  // The programs are run for real.
  world.engine.onExec = async (_container, { command: [program = '', ...args] }, { input }) => {
    const words = args.map((word) => (word === '/etc/portage' ? home.path : word));
    const size = args[2] === 'gentoo-builder-unpack' ? Number(args.at(-1)) : 0;
    execFileSync(program, words, { input: size === 0 ? '' : await readBytes(input, size) });
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
  await writeEntries(session, '/etc/portage', entries);
  const again = entries.filter(({ path }) => !path.startsWith('many/'));
  await writeEntries(session, '/etc/portage', again);
  for (const [path, target] of Object.entries(links)) expect(readlinkSync(join(home.path, path))).toBe(target.slice(2));
  expect(readFileSync(join(home.path, 'make.conf'), 'utf8')).toBe('A="b"');
  expect(statSync(join(home.path, 'make.conf')).mode & 0o777).toBe(0o644);
});

it('reports the reason why it could not make a link', async () => {
  using world = new BuildWorld();
  const session = await world.session();
  world.engine.onExec = () => ({ exitCode: 1, stderr: 'ln: no\n' });
  const { entries } = branch('base', '', { a: '->b' });
  await expect(writeEntries(session, '/', entries)).rejects.toMatchObject({
    code: 'assemble-failed',
    message: 'failed to make symbolic links below /: ln: no',
  });
});
