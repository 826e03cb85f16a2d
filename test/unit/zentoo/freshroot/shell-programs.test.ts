import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProgram } from '../../../../src/container-program.ts';
import { temporaryDirectory } from '../../site/git-program.ts';

const programOf = (name: string) =>
  readProgram(new URL(`../../../../src/zentoo/freshroot/${name}.sh`, import.meta.url));

function writeProgram(path: string, text: string): string {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

describe('in-partition.sh', () => {
  /** The PKGDIR that a command gets while Portage's settings lead to the partition `now`. */
  function pkgdir(now: string, environment: Readonly<Record<string, string>> = {}): string {
    using home = temporaryDirectory();
    const ask = writeProgram(join(home.path, 'ask'), `#!/bin/sh\necho "${now}"\n`);
    const command = ['-c', programOf('in-partition'), 'x', '/store', 'of/the-build', 'of/the-shell', ask];
    return execFileSync('/bin/sh', [...command, 'sh', '-c', 'echo "${PKGDIR-unset}"'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  }

  it.each([
    [
      'uses the partition of the build while the settings are those of the shell',
      'of/the-shell',
      '/store/of/the-build',
    ],
    ['uses the partition of changed settings', 'of/others', '/store/of/others'],
    ['sets nothing if Portage names no partition', '', 'unset'],
  ])('%s', (_name, now, expected) => {
    expect(pkgdir(now)).toBe(expected);
  });

  it('leaves a PKGDIR of the environment alone, an empty one too', () => {
    expect(pkgdir('of/others', { PKGDIR: '/mine' })).toBe('/mine');
    expect(pkgdir('of/others', { PKGDIR: '' })).toBe('');
  });
});

it('with-words.sh becomes the command whose words are in a file, with its arguments after them', () => {
  using home = temporaryDirectory();
  for (const name of ['bin', 'words']) mkdirSync(join(home.path, name));
  const program = writeProgram(join(home.path, 'bin/tool'), programOf('with-words'));
  const words = ['printf', '<%s>', "it's $HOME\n", ''];
  writeFileSync(join(home.path, 'words/tool'), words.map((word) => `${word}\0`).join(''));
  expect(execFileSync(program, ['a b', '*'], { encoding: 'utf8' })).toBe("<it's $HOME\n><><a b><*>");
});

it('bashrc.sh finds the programs beside it first, as functions even after the profile is read again', () => {
  using home = temporaryDirectory();
  mkdirSync(join(home.path, 'bin'));
  const rcfile = writeProgram(join(home.path, 'bashrc'), programOf('bashrc'));
  for (const name of ['emerge', 'ebuild'])
    writeProgram(join(home.path, 'bin', name), `#!/bin/sh\necho "our ${name} $1"\n`);
  const script = 'PATH=/usr/bin:/bin; emerge a; ebuild b';
  const said = execFileSync('bash', ['--rcfile', rcfile, '-i', '-c', script], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: home.path },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(said).toBe('our emerge a\nour ebuild b\n');
});
