import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { array, looseObject, object, parse, string } from 'valibot';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { projectDirectory } from '../support/documents.ts';
import { runProgram } from '../support/run-program.ts';
import { temporaryDirectory } from './site/git-program.ts';

// Only what a real process shows is tested with one; the other tests of the programs run them inside the test.

const sources = (name: string) => join(projectDirectory, `src/${name}.ts`);
const env = { ...process.env, DOCKER_HOST: 'unix:///nowhere' };
const Coverage = object({ result: array(looseObject({ url: string() })) });

describe('the start of a process', () => {
  it.each([
    ['gentoo-builder', ['--help'], /^usage: gentoo-builder /],
    ['zentoo', ['list', '--help'], /^usage: zentoo \[options\] list\n/],
  ])(
    '%s answers %j without loading YAML, git, an engine client or the steps of a build',
    async (name, args, output) => {
      using directory = temporaryDirectory();
      const { status, stdout } = await runProgram(process.execPath, [sources(name), ...args], {
        env: { ...env, NODE_V8_COVERAGE: directory.path },
      });
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(output) as string });
      const [file = ''] = await readdir(directory.path);
      const { result } = parse(Coverage, JSON.parse(await readFile(join(directory.path, file), 'utf8')));
      const scripts = result.map(({ url }) => url);
      expect(scripts.some((url) => url.endsWith(`/src/${name}.ts`))).toBe(true);
      const late = /yaml|dockerode|docker-modem|pino|\/src\/(?:site\/(?:read|git)|engine\/docker|builder\/run-build)/;
      expect(scripts.filter((url) => late.test(url))).toEqual([]);
    },
  );

  it.each(['gentoo-builder', 'zentoo'])('%s hands its arguments on and sets the exit status', async (name) => {
    const ending = Promise.resolve(7);
    const runGentooBuilder = vi
      .spyOn(await import('../../src/run-gentoo-builder.ts'), 'runGentooBuilder')
      .mockReturnValue(ending);
    const runZentoo = vi.spyOn(await import('../../src/run-zentoo.ts'), 'runZentoo').mockReturnValue(ending);
    // It would end this process.
    const endProcess = vi.spyOn(await import('../../src/program.ts'), 'endProcess').mockReturnValue(undefined);
    const { argv, exitCode } = process;
    onTestFinished(() => {
      process.argv = argv;
      process.exitCode = exitCode;
    });
    process.argv = ['node', name, '--tag', 'a b'];
    // Each path is written out, so that vitest knows that this test depends on the file.
    await (name === 'zentoo' ? import('../../src/zentoo.ts') : import('../../src/gentoo-builder.ts'));
    await ending;
    expect(name === 'zentoo' ? runZentoo : runGentooBuilder).toHaveBeenCalledWith(['--tag', 'a b'], process);
    expect(process.exitCode).toBe(7);
    expect(endProcess).toHaveBeenCalledWith(process);
  });
});

describe('the end of a process', () => {
  it('comes with 0 if the reader of its output has gone', async () => {
    const child = spawn(process.execPath, [sources('zentoo'), '--help'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect({ status: child.exitCode, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('case 3.5: comes with 59 if its output cannot be written', async () => {
    const script = 'exec "$0" "$@" >/dev/full';
    const { status, stderr } = await runProgram('sh', ['-c', script, process.execPath, sources('zentoo'), '--version']);
    expect({ status, stderr }).toEqual({ status: 59, stderr: expect.stringContaining('ENOSPC') as string });
  });

  it('case 6.2: comes at the second signal, with its status, although the engine does not answer', async () => {
    const engine = createServer(() => undefined).listen(0, '127.0.0.1');
    onTestFinished(() => void engine.close());
    await once(engine, 'listening');
    const { port } = engine.address() as { port: number };
    const child = spawn(process.execPath, [sources('gentoo-builder'), 'app-misc/hello'], {
      env: { ...env, DOCKER_HOST: `tcp://127.0.0.1:${port}` },
      stdio: 'ignore',
    });
    await once(engine, 'connection');
    // The two are told apart, so neither is lost; their order is not known, and both stand for 143.
    child.kill('SIGHUP');
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(child.exitCode).toBe(143);
  });
});
