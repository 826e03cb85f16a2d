import { setImmediate as turn } from 'node:timers/promises';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runShell } from '../../../src/terminal/run-shell.ts';
import { openTerminal } from '../../../src/terminal/terminal.ts';
import { Failure } from '../../../src/failure.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import type { ExecResult, ExecStreams } from '../../support/fake-engine/fake-engine-execs.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';
import { BuildWorld, interruption } from '../builder/build-world.ts';

afterEach(restoreTime);

/** The standard streams of a program at a terminal of 100 columns and 40 rows, or at pipes. */
class Desk {
  readonly modes: boolean[] = [];
  readonly stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => this.modes.push(raw),
  });
  readonly stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 40 });
  readonly stderr = new PassThrough();

  constructor(isTerminal = true) {
    this.stdin.isTTY = this.stdout.isTTY = isTerminal;
  }

  get shown(): string {
    return String(this.stdout.read() ?? '');
  }

  resize(columns: number): void {
    this.stdout.columns = columns;
    this.stdout.emit('resize');
  }
}

type Shell = (streams: ExecStreams) => ExecResult | Promise<ExecResult>;

/** A world with a running container; `shell` plays the command at the terminal. */
async function open(shell: Shell, { desk = new Desk(), leavesStatus = true, garbage = '' } = {}) {
  const world = new BuildWorld();
  onTestFinished(() => world[Symbol.dispose]());
  const container = await world.session();
  const { promise: hungUp, resolve: hangUp } = Promise.withResolvers<void>();
  let status = garbage;
  world.engine.onExec = async (_container, request, streams) => {
    if (request.command[3] === 'gentoo-builder-hang-up') hangUp();
    else if (request.command[3] === 'gentoo-builder-status') return { stdout: status };
    else {
      const result = await shell(streams);
      if (leavesStatus) status = `${result.exitCode ?? 0}\n`;
      return result;
    }
    return {};
  };
  const terminal = openTerminal(desk, { TERM: 'xterm-256color', COLUMNS: '100', HOME: '/root' });
  const request = { terminal, command: ['/bin/bash', '-l'], environment: { USE: 'x' }, workingDirectory: '/root' };
  const run = () => runShell(container, request);
  return { world, container, desk, run, hungUp };
}

/** Waits for the first input and returns it. */
async function firstInput({ input }: ExecStreams): Promise<string> {
  for await (const chunk of input) return chunk.toString();
  return 'the end';
}

describe('a shell at a terminal', () => {
  it('passes keys, output and exit status on, in raw mode, and restores the modes', async () => {
    const { world, desk, run } = await open(async (streams) => {
      streams.print('stdout', 'prompt> ');
      return { stdout: `got ${await firstInput(streams)}`, exitCode: 126 };
    });
    desk.stdin.write('\x03');
    expect(await run()).toBe(126);
    expect(desk.shown).toBe('prompt> got \x03');
    expect(desk.modes).toEqual([true, false]);
    expect(world.events.map(({ type }) => type)).toEqual(['terminal-lent', 'terminal-returned']);
    const [, request] = world.calls('execAttached')[0] ?? [];
    expect(request).toMatchObject({
      tty: true,
      environment: { TERM: 'xterm-256color', USE: 'x' },
      workingDirectory: '/root',
    });
    expect((request as { command: string[] }).command.slice(-4)).toEqual(['100', '40', '/bin/bash', '-l']);
  });

  it('passes each size on, and goes on if the engine refuses a resize', async () => {
    const { world, desk, run } = await open(async (streams) => {
      await firstInput(streams);
      return { stdout: streams.sizes.map(({ columns }) => columns).join() };
    });
    world.engine.fault({ method: 'resizeExec', nth: 2, error: new EngineRefusal(500, 'no') });
    const end = run();
    await vi.waitUntil(() => world.calls('execAttached').length > 0, { timeout: 60_000 });
    await turn();
    for (const columns of [101, 102, 103]) {
      desk.resize(columns);
      await turn();
    }
    desk.stdin.write('\r');
    expect(await end).toBe(0);
    expect(desk.shown).toBe('101,103');
    const count = world.calls('resizeExec').length;
    desk.resize(104);
    expect(world.calls('resizeExec')).toHaveLength(count);
  });

  it('sends one size at a time, and the newest one last', async () => {
    const { world, desk, run } = await open(async (streams) => {
      await firstInput(streams);
      return {};
    });
    const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
    const resizeExec = world.engine.resizeExec.bind(world.engine);
    vi.spyOn(world.engine, 'resizeExec').mockImplementation(async (id, size) => {
      await resizeExec(id, size);
      await isAnswered;
    });
    const columns = () => world.calls('resizeExec').map(([, size]) => (size as { columns: number }).columns);
    const end = run();
    await vi.waitUntil(() => world.calls('execAttached').length > 0, { timeout: 60_000 });
    await turn();
    for (const width of [101, 102, 103]) desk.resize(width);
    expect(columns()).toEqual([101]);
    answer();
    await vi.waitUntil(() => columns().length === 2, { timeout: 60_000 });
    expect(columns()).toEqual([101, 103]);
    desk.stdin.write('\r');
    await end;
  });

  it('gets the new size if the terminal is resized during the start', async () => {
    const { world, desk, run } = await open(async (streams) => {
      desk.stdout.columns = 55;
      streams.print('stdout', 'prompt> ');
      await firstInput(streams);
      return {};
    });
    const end = run();
    await vi.waitUntil(() => world.calls('resizeExec').length > 0, { timeout: 60_000 });
    expect(world.calls('resizeExec')[0]?.[1]).toEqual({ columns: 55, rows: 40 });
    desk.stdin.write('\x04');
    await end;
  });

  it('restores the modes if the shell cannot be started', async () => {
    const { world, desk, run } = await open(() => ({}));
    world.engine.fault({ method: 'execAttached', error: new EngineRefusal(500, 'no') });
    await expect(run()).rejects.toThrow('no');
    expect(desk.modes).toEqual([true, false]);
    expect(world.events.at(-1)).toEqual({ type: 'terminal-returned' });
  });

  it('is hung up if the signal is aborted; the reason is thrown after the shell ended', async () => {
    const { world, desk, run, hungUp } = await open(async () => {
      world.aborter.abort(interruption);
      await hungUp;
      return { stdout: 'bye', exitCode: 129 };
    });
    await expect(run()).rejects.toBe(interruption);
    expect(desk.shown).toBe('bye');
    expect(desk.modes).toEqual([true, false]);
  });

  it.each(['input', 'output'])('is hung up if the %s of the terminal is closed', async (side) => {
    const { desk, run, hungUp } = await open(async () => {
      if (side === 'input') desk.stdin.destroy(new Error('read EIO'));
      else desk.stdout.destroy(new Error('write EIO'));
      await hungUp;
      return { exitCode: 129 };
    });
    expect(await run()).toBe(129);
  });

  it('has its time to end from when the engine has started the hang-up', async () => {
    fakeTime();
    const { world, desk, run, hungUp } = await open(async () => {
      desk.stdin.end();
      await hungUp;
      return { exitCode: 129 };
    });
    const start = world.engine.execDetached.bind(world.engine);
    vi.spyOn(world.engine, 'execDetached').mockImplementation(async (...request) => {
      await new Promise((resolve) => setTimeout(resolve, 5000));
      return start(...request);
    });
    expect(await passTime(run())).toBe(129);
  });

  it('fails as terminated if the shell does not end after the hang-up', async () => {
    const { world, desk, run } = await open(async ({ stopped }) => {
      desk.stdin.end();
      await new Promise((resolve) => stopped.addEventListener('abort', resolve));
      return {};
    });
    await expect(run()).rejects.toMatchObject({
      code: 'terminated',
      message: 'failed to run the shell: the terminal was closed, and the shell did not end',
    });
    expect(world.calls('execDetached')).toHaveLength(1);
    expect(desk.modes).toEqual([true, false]);
  });

  it('fails as engine-lost if the connection is cut, and restores the modes', async () => {
    const { desk, run } = await open(async (streams) => {
      streams.cut();
      await new Promise((resolve) => streams.stopped.addEventListener('abort', resolve));
      return {};
    });
    await expect(run()).rejects.toMatchObject({
      code: 'engine-lost',
      message: 'failed to run the shell: its connection to the engine was cut',
      hint: expect.stringMatching(/^run the same command again; .*PROXY_IDLE_LIMIT$/) as string,
    });
    expect(desk.modes).toEqual([true, false]);
  });

  it('fails as container-lost if the container is gone', async () => {
    const { world, container, run } = await open(() => {
      world.engine.stopContainer(world.engine.container(container.id), 137);
      return {};
    });
    await expect(run()).rejects.toMatchObject({
      code: 'container-lost',
      message: expect.stringMatching(/^failed to run the shell: /) as string,
    });
  });

  it("returns the engine's exit status if the shell did not write its own", async () => {
    const { run } = await open(() => ({ exitCode: 137 }), { leavesStatus: false });
    expect(await run()).toBe(137);
  });

  it.each(['9', 'sh: 9\n'])("returns the engine's exit status if the file of the status has %j", async (garbage) => {
    const { run } = await open(() => ({ exitCode: 137 }), { leavesStatus: false, garbage });
    expect(await run()).toBe(137);
  });

  it.each([
    ['engine-lost', false],
    ['container-lost', true],
  ])(
    'fails as %s if the engine is lost while the status is read, and the container is gone: %s',
    async (code, isGone) => {
      const lost = new Failure('engine-lost', 'failed to run a command: lost the Docker engine');
      const { world, container, run } = await open(() => {
        if (isGone) world.engine.stopContainer(world.engine.container(container.id), 137);
        world.engine.fault({ method: 'execAttached', error: lost });
        return {};
      });
      await expect(run()).rejects.toMatchObject({ code });
    },
  );
});

describe('a shell whose connection becomes half open', () => {
  it('ends with its status within seconds after its end', async () => {
    fakeTime();
    const { desk, run } = await open((streams) => {
      streams.lose();
      return { exitCode: 4 };
    });
    const elapsed = stopwatch();
    expect(await passTime(run())).toBe(4);
    expect(elapsed()).toBeLessThan(15_000);
    expect(desk.modes).toEqual([true, false]);
  });

  it('fails as container-lost within seconds after its container stopped', async () => {
    fakeTime();
    const { world, container, run } = await open((streams) => {
      streams.lose();
      // An engine that was restarted has forgotten the process.
      vi.spyOn(world.engine, 'execExitCode').mockResolvedValue(undefined);
      world.engine.stopContainer(world.engine.container(container.id), 137);
      return new Promise(() => undefined);
    });
    const elapsed = stopwatch();
    await expect(passTime(run())).rejects.toMatchObject({ code: 'container-lost' });
    expect(elapsed()).toBeLessThan(15_000);
  });

  it('may be silent for longer than any command while it runs, even if the engine does not answer for a while', async () => {
    fakeTime();
    const { world, desk, run } = await open(async (streams) => {
      streams.print('stdout', 'prompt> ');
      return { stdout: `got ${await firstInput(streams)}`, exitCode: 5 };
    });
    for (const nth of [1, 2, 3])
      world.engine.fault({ method: 'execExitCode', nth, error: new Failure('engine-lost', 'lost') });
    setTimeout(() => desk.stdin.write('ls'), 50 * 60_000);
    const elapsed = stopwatch();
    expect(await passTime(run())).toBe(5);
    expect(elapsed()).toBeGreaterThanOrEqual(50 * 60_000);
    expect(desk.shown).toBe('prompt> got ls');
  });
});

describe('a shell at pipes', () => {
  it('gets no terminal, two separate outputs, and the end of its input', async () => {
    const desk = new Desk(false);
    const { world, run } = await open(
      async ({ input }) => {
        let typed = '';
        for await (const chunk of input) typed += chunk.toString();
        return { stdout: `all of ${typed}`, stderr: 'bad', exitCode: 3 };
      },
      { desk },
    );
    desk.stdin.end('echo');
    expect(await run()).toBe(3);
    expect([desk.shown, String(desk.stderr.read())]).toEqual(['all of echo', 'bad']);
    expect(desk.modes).toEqual([]);
    expect(world.calls('execAttached')[0]?.[1]).toMatchObject({ tty: false, environment: { USE: 'x' } });
  });

  it('waits for a slow reader of its output', async () => {
    const desk = new Desk(false);
    const { run } = await open(() => ({ stdout: Buffer.alloc(100_000, '.') }), { desk });
    const end = run();
    let size = 0;
    for await (const chunk of desk.stdout) if ((size += (chunk as Buffer).length) === 100_000) break;
    expect(await end).toBe(0);
  });
});
