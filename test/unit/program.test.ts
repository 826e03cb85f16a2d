import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it, describe, onTestFinished, vi } from 'vitest';
import * as builder from '../../src/builder/run-build.ts';
import { Failure } from '../../src/failure.ts';
import { endProcess, print, refuse, runProgram, watchSignals } from '../../src/program.ts';
import { runGentooBuilder } from '../../src/run-gentoo-builder.ts';
import { fakeTime, restoreTime } from '../support/fake-time.ts';
import { ProgramWorld, runInWorld } from './program-world.ts';

const plain = { json: false, logFormat: 'text', progress: 'plain' } as const;
const program = { name: 'gentoo-builder', version: '1.2.3' };

/** An engine that refuses every request but the one for its version. */
async function refusingEngine(): Promise<string> {
  const version = JSON.stringify({ Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' });
  const server = createServer(({ url }, response) =>
    url === '/version' ? response.end(version) : response.writeHead(403).end('{"message":"not for you"}'),
  ).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe('gentoo-builder', () => {
  it.each([
    ['--help', /^usage: gentoo-builder /],
    ['--version', /^gentoo-builder \d+\.\d+\.\d+\n$/],
  ])('answers %s', async (option, output) => {
    const stdout = expect.stringMatching(output) as string;
    expect(await runInWorld(runGentooBuilder, [option])).toEqual({ status: 0, stdout, stderr: '' });
  });

  it('ends with 2 and the usage if there are no arguments', async () => {
    const outcome = await runInWorld(runGentooBuilder, []);
    expect(outcome).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('usage: gentoo-builder') });
  });

  it('ends with 10 if the engine cannot be reached', async () => {
    const outcome = await runInWorld(runGentooBuilder, ['app-misc/hello']);
    expect(outcome).toMatchObject({ status: 10, stderr: expect.stringMatching(/\/nowhere[^]*\n {2}hint: /) });
  });

  it('ends with 19 and the words of an engine that refuses to inspect a container', async () => {
    const world = new ProgramWorld({ DOCKER_HOST: await refusingEngine() });
    const outcome = await runInWorld(runGentooBuilder, ['app-misc/hello'], world);
    expect(outcome).toMatchObject({ status: 19, stderr: expect.stringContaining('the engine says: not for you') });
  });

  it('ends with 1, a stack and a request to report it after a defect', async () => {
    vi.spyOn(builder, 'runBuild').mockRejectedValueOnce(new Error('broken'));
    const outcome = await runInWorld(runGentooBuilder, ['app-misc/hello']);
    expect(outcome).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/Error: broken[^]*report it/),
    });
  });

  it('prints a defect as JSON, too', async () => {
    vi.spyOn(builder, 'runBuild').mockRejectedValueOnce(new Error('broken'));
    const { status, stdout } = await runInWorld(runGentooBuilder, ['app-misc/hello', '--json']);
    expect({ status, output: JSON.parse(stdout) as unknown }).toEqual({
      status: 1,
      output: { failures: [{ code: 'defect', exitStatus: 1, message: 'Error: broken' }] },
    });
  });

  it('prints the plan of a dry run as lines or as JSON', async () => {
    vi.spyOn(builder, 'runDryRun').mockResolvedValue(['pull x', 'commit y']);
    const lines = await runInWorld(runGentooBuilder, ['app-misc/hello', '--dry-run']);
    expect(lines).toEqual({ status: 0, stdout: 'pull x\ncommit y\n', stderr: '' });
    const json = await runInWorld(runGentooBuilder, ['app-misc/hello', '--dry-run', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ plan: ['pull x', 'commit y'] });
  });

  it('prints the name of the image, or the result as JSON', async () => {
    const record = { tasks: [], packages: [], failures: [], targets: [] } as never;
    const image = { name: 'gentoo-0123', id: 'sha256:1', tags: [] } as never;
    vi.spyOn(builder, 'runBuild').mockResolvedValue({
      image,
      unchanged: true,
      packages: [],
      record,
      recordFile: undefined,
    });
    const name = await runInWorld(runGentooBuilder, ['app-misc/hello']);
    expect(name).toEqual({ status: 0, stdout: 'gentoo-0123\n', stderr: '' });
    const json = await runInWorld(runGentooBuilder, ['app-misc/hello', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ unchanged: true });
  });

  it('tells the build at SIGTERM that nothing is committed', async () => {
    const world = new ProgramWorld();
    vi.spyOn(builder, 'runBuild').mockImplementationOnce(async (_request, { signal }) => {
      world.emit('SIGTERM');
      throw signal.reason;
    });
    const outcome = await runInWorld(runGentooBuilder, ['app-misc/hello'], world);
    expect(outcome).toMatchObject({ status: 143, stderr: expect.stringMatching(/SIGTERM: .*nothing is committed/) });
  });
});

describe('refuse', () => {
  const failures = [new Failure('usage', 'no such option'), new Failure('invalid-package', 'no package')];

  it('prints every fault, never as a live view, and ends with the status of the first one', async () => {
    const world = new ProgramWorld();
    const status = await refuse(world, program, { ...plain, progress: 'live' }, failures);
    expect({ status, stdout: world.stdout.text }).toEqual({ status: 2, stdout: '' });
    expect(world.stderr.text).toBe('gentoo-builder: no such option\ngentoo-builder: no package\n');
  });

  it('prints every fault as JSON, too', async () => {
    const world = new ProgramWorld();
    await refuse(world, program, { ...plain, json: true }, failures);
    expect(JSON.parse(world.stdout.text)).toEqual({
      failures: [
        { code: 'usage', exitStatus: 2, message: 'no such option' },
        { code: 'invalid-package', exitStatus: 2, message: 'no package' },
      ],
    });
  });

  it('without a fault is a defect', async () => {
    const world = new ProgramWorld();
    expect(await refuse(world, program, plain, [])).toBe(1);
    expect(world.stderr.text).toContain('a command line was refused without a failure');
  });
});

describe('runProgram', () => {
  it('ends with the status of work that has one', async () => {
    const world = new ProgramWorld();
    expect(await runProgram(world, program, plain, async () => ({ output: 'bye\n', status: 7 }))).toBe(7);
    expect(world.stdout.text).toBe('bye\n');
  });

  it('prints the output of work that failed in part, reports the failures, and ends with the status of the first one', async () => {
    const world = new ProgramWorld();
    const failures = [new Failure('build-failed', 'failed to emerge a'), new Failure('fetch-failed', 'no b')] as const;
    const status = await runProgram(world, program, plain, async () => ({ output: 'c\n', failures: [...failures] }));
    expect({ status, stdout: world.stdout.text }).toEqual({ status: 31, stdout: 'c\n' });
    expect(world.stderr.text).toMatch(/failed to emerge a[^]*no b/);
  });

  it('closes the report before it prints the result', async () => {
    const world = new ProgramWorld();
    const [result, report] = [vi.spyOn(world.stdout, 'write'), vi.spyOn(world.stderr, 'write')];
    await runProgram(world, program, plain, async (emit) => {
      void emit({ type: 'note', message: 'the last word' });
      return 'result\n';
    });
    expect(world.stderr.text).toContain('the last word');
    expect(report.mock.invocationCallOrder.at(-1)).toBeLessThan(result.mock.invocationCallOrder[0] ?? 0);
  });
});

describe('case 1.10: the end of a process', () => {
  it('comes a second after its work, even if connections are still open, and not before its output is written', async () => {
    fakeTime();
    onTestFinished(restoreTime);
    const [stdout, stderr, exit] = [{ writableLength: 7 }, { writableLength: 0 }, vi.fn()];
    endProcess({ stdout, stderr, exit });
    await vi.advanceTimersByTimeAsync(5000);
    expect(exit).not.toHaveBeenCalled();
    stdout.writableLength = 0;
    await vi.advanceTimersByTimeAsync(1000);
    expect(exit).toHaveBeenCalledExactlyOnceWith();
  });
});

describe('print', () => {
  const broken = (code: string) => Object.assign(new Error(code), { code });

  const fail = (world: ProgramWorld, error: Error) =>
    vi
      .spyOn(world.stdout, '_write')
      .mockImplementation((_chunk, _encoding, done: (error?: Error) => void) => done(error));

  it('ignores that the reader has gone', async () => {
    const world = new ProgramWorld();
    expect([await print(world, program, 'x'), await print(world, program, 'y')]).toEqual([0, 0]);
    expect(world.stdout.text).toBe('xy');
    fail(world, broken('EPIPE'));
    expect(await print(world, program, 'z')).toBe(0);
    expect(await print(world, program, 'after the end')).toBe(0);
    expect(world.stderr.text).toBe('');
  });

  it('case 3.5: a result that standard output does not take is told on standard error, with a status of its own', async () => {
    const world = new ProgramWorld();
    fail(world, broken('ENOSPC'));
    expect(await runProgram(world, program, plain, async () => 'gentoo-c0de\n')).toBe(59);
    expect(world.stderr.text).toMatch(
      /failed to write to standard output: ENOSPC\n {2}hint: the result is: gentoo-c0de\n$/,
    );
  });

  it('case 3.5: the name of an image is told on standard error if the reader of standard output has gone', async () => {
    const world = new ProgramWorld();
    fail(world, broken('EPIPE'));
    expect(await runProgram(world, program, plain, async () => 'gentoo-c0de\n')).toBe(59);
    expect(world.stderr.text).toContain('the result is: gentoo-c0de');
  });

  it('case 3.5: a reader that has gone does not want the rest of a table', async () => {
    const world = new ProgramWorld();
    fail(world, broken('EPIPE'));
    expect(await runProgram(world, program, plain, async () => 'a\nb\n')).toBe(0);
    expect(world.stderr.text).toBe('');
  });

  it('case 3.5: is a JSON line with --log-format json, and a failure keeps its status', async () => {
    const world = new ProgramWorld();
    fail(world, broken('ENOSPC'));
    const presentation = { ...plain, logFormat: 'json' } as const;
    expect(await runProgram(world, program, presentation, async () => ({ output: '{}\n', status: 31 }))).toBe(31);
    const event = JSON.parse(world.stderr.lines.at(-1) ?? '') as Record<string, unknown>;
    expect(JSON.stringify(event)).toContain('the result is: {}');
  });

  it('case 3.5: a help text that standard output does not take ends with the same status', async () => {
    const world = new ProgramWorld();
    fail(world, broken('ENOSPC'));
    expect(await print(world, program, 'help')).toBe(59);
    expect(world.stderr.text).toContain('failed to write to standard output');
  });
});

describe('watchSignals', () => {
  it.each([
    ['SIGINT', 'interrupted', 130],
    ['SIGTERM', 'terminated', 143],
    ['SIGHUP', 'terminated', 143],
  ] as const)('aborts at the first %s, and ends the process at the second one', (name, code, status) => {
    const world = new ProgramWorld();
    const signal = watchSignals(world, 'nothing is kept');
    world.emit(name);
    expect(signal.reason).toMatchObject({ code, message: `${code} by ${name}: nothing is kept` });
    expect(world.exits).toEqual([]);
    world.emit(name);
    expect(world.exits).toEqual([status]);
  });
});
