import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SiteBuildWorld } from '../site-build-world.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'protected-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const program = new URL('../../../../src/zentoo/assemble/resolve-protected.sh', import.meta.url);

describe('the program that resolves protected files', () => {
  it('replaces a file by the new one, removes the new one, and passes over what an earlier run has done', () => {
    const [from, to, other, kept] = ['._cfg0000_a', 'a', '._cfg0000_b', 'b'].map((name) => join(directory, name));
    for (const [index, path] of [from, to, other, kept].entries()) writeFileSync(path ?? '', String(index));
    const words = ['new', from ?? '', to ?? '', 'old', other ?? '', kept ?? ''];
    for (const _ of [1, 2]) execFileSync('/bin/sh', [program.pathname, ...words]);
    expect([to, kept].map((path) => readFileSync(path ?? '', 'utf8'))).toEqual(['0', '3']);
    expect([from, other].map((path) => existsSync(path ?? ''))).toEqual([false, false]);
  });

  it('case 2.7: leaves out a file that is a mount, and says which', () => {
    const mounted = /^\S+ \S+ \S+ \S+ (\S+) /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1] ?? '/';
    const from = join(directory, '._cfg0000_hosts');
    writeFileSync(from, 'x');
    expect(execFileSync('/bin/sh', [program.pathname, 'new', from, mounted]).toString()).toBe(`${mounted}\0`);
    expect(existsSync(from)).toBe(false);
  });
});

it('case 2.7: a file that the engine mounts is left out of the root, and the user is told', async () => {
  using world = new SiteBuildWorld();
  world.sitePortage.answers.set('find-protected', { stdout: '/etc/._cfg0000_hosts\0/etc/._cfg0000_motd\0' });
  world.sitePortage.answers.set('protected-files', { stdout: '/etc/hosts\0' });
  expect((await world.build()).outcomes).toMatchObject([{ type: 'built' }]);
  expect(
    world
      .messages('note')
      .filter((note) => note.includes('/etc/'))
      .map((note) => note.replace(/^\S+ /, '')),
  ).toEqual(['/etc/hosts: left out, because the engine mounts this file', '/etc/motd: took the new one']);
});
