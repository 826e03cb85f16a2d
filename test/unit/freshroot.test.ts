import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { projectDirectory } from '../support/readme.ts';
import { runProgram } from '../support/run-program.ts';

const freshroot = join(projectDirectory, 'freshroot');

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fresh root '));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

describe('./freshroot', () => {
  it('is zentoo freshroot, wherever it is called and by whatever name', async () => {
    const directory = await makeDirectory();
    await symlink(relative(directory, freshroot), join(directory, 'link'));
    await symlink('link', join(directory, 'link to a link'));
    for (const [program, cwd] of [
      ['./freshroot', projectDirectory],
      [freshroot, directory],
      ['./link', directory],
      [join(directory, 'link to a link'), '/'],
    ] as const) {
      const { status, stdout, stderr } = await runProgram(program, ['--no-such-option', 'a b'], { cwd });
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/failed to read the command line[^]*--no-such-option/);
    }
  });

  it('says what is missing where there is no Node', async () => {
    const path = await makeDirectory();
    for (const tool of ['dirname', 'readlink']) await symlink(`/usr/bin/${tool}`, join(path, tool));
    const { status, stderr } = await runProgram(freshroot, [], { env: { PATH: path } });
    expect(status).toBe(127);
    expect(stderr).toMatch(/no node[^]*hint: /);
  });
});
