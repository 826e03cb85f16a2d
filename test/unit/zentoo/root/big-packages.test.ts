import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onVolumeCommand } from '../../../../src/zentoo/root/big-packages.ts';
import type { Atom } from '../../../../src/portage/atom.ts';
import { temporaryDirectory } from '../../site/git-program.ts';

const packages = ['www-client/firefox', '>=dev-qt/qtwebengine-6'] as Atom[];
const entries = `www-client/firefox zentoo-big-packages.conf\n>=dev-qt/qtwebengine-6 zentoo-big-packages.conf\n`;

/** Runs the command for real, with the work volume in a directory; answers with what it prints and its status. */
function run(home: string, configurations: readonly string[], script: string): { stdout: string; status: number } {
  const command = onVolumeCommand(configurations, packages, ['/bin/sh', '-c', script]);
  const [program = '', ...args] = command.map((word) => word.replace('/var/tmp/portage/.gentoo-builder', home));
  try {
    return { stdout: execFileSync(program, args, { encoding: 'utf8' }), status: 0 };
  } catch (error) {
    const { stdout, status } = error as { stdout: string; status: number };
    return { stdout, status };
  }
}

describe('packages that are built on a volume', () => {
  it('are in package.env for as long as emerge runs, whose status is handed on', () => {
    using home = temporaryDirectory();
    const etc = join(home.path, 'etc');
    mkdirSync(etc);
    const { stdout, status } = run(
      home.path,
      [etc],
      `cat ${etc}/package.env ${etc}/env/*; stat -c %a ${home.path}/big; exit 7`,
    );
    expect(stdout).toBe(`${entries}PORTAGE_TMPDIR="${home.path}/big"\n1777\n`);
    expect(status).toBe(7);
    expect([existsSync(join(etc, 'env')), existsSync(join(etc, 'package.env'))]).toEqual([false, false]);
  });

  it('come after the lines of a file; afterwards the file is as before, its time included', () => {
    using home = temporaryDirectory();
    const etc = join(home.path, 'etc');
    mkdirSync(join(etc, 'env'), { recursive: true });
    writeFileSync(join(etc, 'env/other'), 'A="b"');
    const list = join(etc, 'package.env');
    writeFileSync(list, 'a/b other');
    utimesSync(list, 1, 2);
    expect(run(home.path, [etc], `cat ${list}`).stdout).toBe(`a/b other\n${entries}`);
    expect([readFileSync(list, 'utf8'), lstatSync(list).mtime.getTime()]).toEqual(['a/b other', 2000]);
    expect(existsSync(join(etc, 'env/other'))).toBe(true);
    expect(existsSync(join(etc, 'env/zentoo-big-packages.conf'))).toBe(false);
  });

  it('come last in a directory, and behind a link', () => {
    using home = temporaryDirectory();
    const etc = join(home.path, 'etc');
    mkdirSync(join(etc, 'settings'), { recursive: true });
    writeFileSync(join(etc, 'settings/zzzz-zzzz'), 'a/b other\n');
    symlinkSync('settings', join(etc, 'package.env'));
    const { stdout } = run(home.path, [etc], `ls ${etc}/package.env/; cat ${etc}/package.env/*`);
    expect(stdout).toBe(`zzzz-zzzz\nzzzz-zzzz-zentoo\na/b other\n${entries}`);
    expect(execFileSync('ls', [join(etc, 'settings')], { encoding: 'utf8' })).toBe('zzzz-zzzz\n');

    rmSync(join(etc, 'package.env'));
    symlinkSync('settings/zzzz-zzzz', join(etc, 'package.env'));
    expect(run(home.path, [etc], `cat ${etc}/settings/zzzz-zzzz`).stdout).toBe(`a/b other\n\n${entries}`);
    expect(readFileSync(join(etc, 'settings/zzzz-zzzz'), 'utf8')).toBe('a/b other\n');

    rmSync(join(etc, 'package.env'));
    symlinkSync('missing', join(etc, 'package.env'));
    expect(run(home.path, [etc], `cat ${etc}/missing`).stdout).toBe(entries);
    expect(lstatSync(join(etc, 'package.env')).isSymbolicLink()).toBe(true);
    expect(existsSync(join(etc, 'missing'))).toBe(false);
  });

  it('are in the configuration of the stage and in that of the root', () => {
    using home = temporaryDirectory();
    const [stage, root] = [join(home.path, 'stage'), join(home.path, 'root')];
    for (const directory of [stage, root]) mkdirSync(directory);
    writeFileSync(join(stage, 'package.env'), '# of the stage\n');
    writeFileSync(join(root, 'package.env'), '# of the root\n');
    const { stdout } = run(home.path, [stage, root], `cat ${stage}/package.env ${root}/package.env`);
    expect(stdout).toBe(`# of the stage\n\n${entries}# of the root\n\n${entries}`);
    expect(readFileSync(join(stage, 'package.env'), 'utf8')).toBe('# of the stage\n');
    expect(readFileSync(join(root, 'package.env'), 'utf8')).toBe('# of the root\n');
  });

  it('need nothing where there are none', () => {
    expect(onVolumeCommand(['/etc/portage'], [], ['emerge'])).toEqual(['emerge']);
  });
});
