import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectDirectory } from '../support/documents.ts';
import { runProgram } from '../support/run-program.ts';
import { temporaryDirectory } from './site/git-program.ts';

/** Stands for Node: answers prepare-node.js with itself, and prints how it is called for any other program. */
const fakeNode = `#!/bin/sh
case $1 in
  */prepare-node.js) echo "\${ANSWER-$0}" ;;
  *) printf '%s\\n' "$PWD" "\${INIT_CWD-none}" "$@"; exit 7 ;;
esac
`;

/** Answers prepare-node.js with a word, as if zentoo had to run in its image. */
const inContainer = { ANSWER: 'container' };

/** A copy of the launchers with a Node that starts nothing: the real setup would install dependencies in the checkout. */
function copyLaunchers() {
  const home = temporaryDirectory();
  const project = join(home.path, 'a project');
  const bin = join(home.path, 'bin');
  for (const directory of [project, bin, join(project, 'setup')]) mkdirSync(directory);
  for (const file of ['gentoo-builder', 'zentoo', 'freshroot', 'setup/launch.sh'])
    cpSync(join(projectDirectory, file), join(project, file));
  writeFileSync(join(bin, 'node'), fakeNode);
  chmodSync(join(bin, 'node'), 0o755);
  return { home: home.path, project, bin, [Symbol.dispose]: () => home[Symbol.dispose]() };
}

const launchers = [
  { name: 'gentoo-builder', program: 'start.js', first: [] },
  { name: 'zentoo', program: '../src/zentoo.ts', first: [] },
  { name: 'freshroot', program: '../src/zentoo.ts', first: ['freshroot'] },
] as const;

describe.each(launchers)('./$name', ({ name, program, first }) => {
  it('runs from any directory, by its path and through links to links', async () => {
    using copy = copyLaunchers();
    symlinkSync(`a project/${name}`, join(copy.home, 'link'));
    symlinkSync('link', join(copy.home, 'link to a link'));
    const env = { ...process.env, PATH: `${copy.bin}:${process.env['PATH']}`, INIT_CWD: '/elsewhere' };
    for (const [launcher, cwd] of [
      [`./${name}`, copy.project],
      ['./link', copy.home],
      [join(copy.home, 'link to a link'), '/'],
    ] as const) {
      const { status, stdout } = await runProgram(launcher, ['--option', 'a  b'], { cwd, env });
      const [directory, npmDirectory, started, ...args] = stdout.trimEnd().split('\n');
      expect({ status, directory, npmDirectory, args }).toEqual({
        ...{ status: 7, directory: cwd, npmDirectory: 'none' },
        args: [...first, '--option', 'a  b'],
      });
      expect(started).toBe(`${copy.project}/setup/${program}`);
    }
  });

  it('names what is missing if there is no Node', async () => {
    using copy = copyLaunchers();
    const path = join(copy.home, 'tools');
    mkdirSync(path);
    for (const tool of ['dirname', 'readlink']) symlinkSync(`/usr/bin/${tool}`, join(path, tool));
    const { status, stderr } = await runProgram(join(copy.project, name), [], { env: { PATH: path } });
    expect(status).toBe(127);
    expect(stderr).toMatch(new RegExp(`^failed to start ${name}: there is no node[^]*hint: `));
  });
});

describe('./zentoo', () => {
  it('starts zentoo in its image where set-up says so', async () => {
    using copy = copyLaunchers();
    const env = { ...process.env, PATH: `${copy.bin}:${process.env['PATH']}`, ...inContainer };
    const { status, stdout } = await runProgram('./zentoo', ['build', '--swarm'], { cwd: copy.project, env });
    const [, , started, ...args] = stdout.trimEnd().split('\n');
    expect([status, started, args]).toEqual([7, `${copy.project}/setup/start-in-container.js`, ['build', '--swarm']]);
  });
});
