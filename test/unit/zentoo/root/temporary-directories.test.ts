import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withTemporaryDirectories } from '../../../../src/zentoo/root/temporary-directories.ts';
import { branch, commits } from '../../plan/sites.ts';
import { temporaryDirectory } from '../../site/git-program.ts';

const wrapped = (env: string, command: readonly string[] = ['emerge']) =>
  withTemporaryDirectories(
    branch('base', commits[0], {
      'make.conf': 'TMP="/var/tmp"\n',
      'package.env': 'www-client/chromium notmpfs.conf\n',
      'env/notmpfs.conf': env,
      'env/unused.conf': 'PORTAGE_TMPDIR="/unused"\n',
    }).entries,
    command,
  );

describe('PORTAGE_TMPDIR in a file of env/ that package.env names', () => {
  it.each(['PORTAGE_TMPDIR="/var/tmp"\n', 'PORTAGE_TMPDIR="/var//tmp/"\n', 'PORTAGE_TMPDIR=""\n', 'A="b"\n'])(
    'needs no directory if it is the usual one: %j',
    (env) => {
      expect(wrapped(env)).toEqual(['emerge']);
    },
  );

  it('is a link to the work volume for as long as emerge runs, whose status is handed on', () => {
    using home = temporaryDirectory();
    const path = join(home.path, 'mnt/a b/notmpfs');
    const [program = '', ...args] = wrapped(`PORTAGE_TMPDIR="${path}"\n`, [
      ...['/bin/sh', '-c', 'readlink "$0"; touch "$0/x"; exit 7', path],
    ]).map((word) => word.replace('/var/tmp/portage/.gentoo-builder', home.path));
    const { stdout, status } = spawnSync(program, args, { encoding: 'utf8' });
    expect([stdout, status]).toEqual([`${home.path}/big\n`, 7]);
    expect([existsSync(join(home.path, 'mnt')), existsSync(join(home.path, 'big/x'))]).toEqual([false, true]);
  });

  it('stays as it is if the root has it, and what packages install beside it stays', () => {
    using home = temporaryDirectory();
    const own = join(home.path, 'own');
    mkdirSync(own);
    const run = (path: string) => {
      const script = `touch ${home.path}/mnt/x || true; [ ! -L ${own} ]`;
      const words = wrapped(`PORTAGE_TMPDIR="${path}"\n`, ['/bin/sh', '-c', script]);
      const [program = '', ...args] = words.map((word) => word.replace('/var/tmp/portage/.gentoo-builder', home.path));
      execFileSync(program, args, { stdio: 'ignore' });
    };
    run(own);
    expect(lstatSync(own).isDirectory()).toBe(true);
    run(join(home.path, 'mnt/notmpfs'));
    expect([existsSync(join(home.path, 'mnt/x')), existsSync(join(home.path, 'mnt/notmpfs'))]).toEqual([true, false]);
  });
});
