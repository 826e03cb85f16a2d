import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BuildContainer } from '../../../src/build/build-container.ts';
import type { Job } from '../../../src/build/job.ts';
import { runJob, type JobResult } from '../../../src/build/run-job.ts';
import type { AttachedExec, Engine, OutputChunk } from '../../../src/engine/engine.ts';
import { Failure } from '../../../src/failure.ts';
import { BuildWorld, interruption } from './build-world.ts';
import { hang, hangForGood, type Program } from './fake-portage.ts';
import { fakeTime, passTime, stopwatch } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);
vi.mock('node:perf_hooks', async () => (await import('./fake-time.ts')).perfHooks);

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const emerge: Job = {
  name: 'emerge',
  step: 'emerge',
  command: ['emerge', 'app-misc/hello'],
  environment: { USE: 'x' },
  watch: false,
  silenceTimeout: undefined,
};

interface Run {
  readonly lines: readonly string[];
  readonly result: JobResult;
}

/** Runs a job to its end, over fake time. */
async function run(world: BuildWorld, program: Program, job: Job = emerge): Promise<Run> {
  world.portage.emerge = program;
  const container = await world.buildContainer();
  return follow(world, container, job);
}

async function follow(world: BuildWorld, container: BuildContainer, job: Job): Promise<Run> {
  const lines: string[] = [];
  const result = await passTime(runJob(world.context, container, job, (line) => void lines.push(line)));
  return { lines, result };
}

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

describe('a job', () => {
  it('is started with its command and environment, and answers with its exit status and its lines', async () => {
    using world = new BuildWorld();
    const { lines, result } = await run(world, ({ command, environment, print }) => {
      print(`${command.join(' ')}\n${environment['USE']}\nno line end`);
      return 7;
    });
    expect(lines).toEqual(['emerge app-misc/hello', 'x', 'no line end']);
    expect(result).toEqual({ exitStatus: 7, lines, result: world.portage.merged });
  });

  it('is not started at all when the run was aborted before', async () => {
    using world = new BuildWorld();
    world.aborter.abort(interruption);
    await expect(run(world, () => 0)).rejects.toBe(interruption);
    expect(world.portage.names).toEqual([]);
  });

  it('reads on where the job before it ended, in the same log', async () => {
    using world = new BuildWorld();
    world.portage.sync = ({ print }) => {
      print('synced\n');
      return 0;
    };
    world.portage.emerge = ({ print }) => {
      print('emerged\n');
      return 0;
    };
    const container = await world.buildContainer();
    expect((await follow(world, container, { ...emerge, name: 'sync' })).lines).toEqual(['synced']);
    expect((await follow(world, container, emerge)).lines).toEqual(['emerged']);
    expect(container.log.read).toBe('synced\nemerged\n'.length);
  });

  it('is what an end has to wait for until it was seen to end, whatever the engine says of its process', async () => {
    using world = new BuildWorld();
    const container = await world.buildContainer();
    const waitedFor: unknown[] = [];
    world.portage.emerge = async () => {
      await seconds(1);
      waitedFor.push(container.lastJob);
      return 0;
    };
    await follow(world, container, emerge);
    expect(waitedFor).toEqual([expect.any(String)]);
    expect(container.lastJob).toBeUndefined();
  });

  it('that nobody wrote the status of was killed, whatever it printed', async () => {
    using world = new BuildWorld();
    const killed: Program = ({ print }) => {
      print('a line\n');
      return 'killed';
    };
    await expect(run(world, killed)).rejects.toMatchObject({ code: 'emerge-failed', logTail: ['a line'] });
  });

  it('leaves no timer behind', async () => {
    using world = new BuildWorld();
    await run(world, async () => (await seconds(20), 0), { ...emerge, silenceTimeout: 600 });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a stream that is cut', () => {
  const text = 'one\nzwei \u00e4\u00f6\u00fc \u{1f600}\n\nlast';
  const whole = text.split('\n');
  const size = Buffer.byteLength(text);
  const wire = size + `result app-misc/hello-2.10\nended 3 ${size}\n`.length;
  const program: Program = ({ print }) => {
    print(text);
    return 3;
  };

  it.each(Array.from({ length: wire + 1 }, (_, index) => index))(
    'after %i bytes of it gives the same lines, once each',
    async (cut) => {
      using world = new BuildWorld();
      world.portage.cuts.push(cut);
      const { lines, result } = await run(world, program);
      expect(lines).toEqual(whole);
      expect(result).toMatchObject({ exitStatus: 3, result: ['app-misc/hello-2.10'] });
      expect(world.portage.followers).toBe(cut < wire ? 2 : 1);
    },
  );

  it('again and again gives the same lines, once each, however the log was written', async () => {
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\u00e4', '{', 'ended 1 2\n') }), {
      maxLength: 8,
    });
    const cuts = fc.array(fc.nat(40), { maxLength: 9 });
    const property = fc.asyncProperty(pieces, cuts, fc.nat(255), async (written, places, status) => {
      using world = new BuildWorld();
      world.portage.cuts.push(...places);
      const { lines, result } = await run(world, ({ print }) => {
        for (const piece of written) print(piece);
        return status;
      });
      const all = written.join('').split('\n');
      expect(lines).toEqual(all.at(-1) === '' ? all.slice(0, -1) : all);
      expect(result.exitStatus).toBe(status);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('in the middle of the last message is not continued by what the next one begins with', async () => {
    using world = new BuildWorld();
    const line = 'x'.repeat(119);
    world.portage.cuts.push(120 + 'ended 0 12'.length);
    world.portage.emerge = ({ print }) => {
      print(`${line}\n`);
      // What the job left running writes on.
      setTimeout(() => print('late\n'), 100);
      return 0;
    };
    let connections = 0;
    const echo = { stream: 'stderr', data: Buffer.from('\n') } as const;
    const engine = intercept(world, (exec) =>
      ++connections === 2 ? { ...exec, output: after([echo], exec.output) } : exec,
    );
    const container = await world.buildContainer();
    const lines: string[] = [];
    await passTime(runJob({ ...world.context, engine }, container, emerge, (text) => void lines.push(text)));
    expect(lines).toEqual([line, 'late']);
  });

  it('ends the run as engine-lost when ten more in a row bring nothing', async () => {
    using world = new BuildWorld();
    world.portage.cuts.push(...Array<number>(100).fill(0));
    const printing: Program = ({ print }) => {
      print('text\n');
      return 0;
    };
    await expect(run(world, printing)).rejects.toMatchObject({
      code: 'engine-lost',
      message: expect.stringContaining('11 times') as string,
    });
    expect(world.portage.followers).toBe(11);
  });

  it('ends it with what the engine said last, where it refuses to make another', async () => {
    using world = new BuildWorld();
    const refusal = new Failure('engine-lost', 'lost the engine');
    world.engine.fault({ method: 'execAttached', error: refusal });
    await expect(run(world, hangForGood)).rejects.toMatchObject({ code: 'engine-lost', cause: refusal });
  });

  it('does not end it as long as keep-alive bytes come back, however long the job is silent', async () => {
    using world = new BuildWorld();
    const { engine, cuts } = cutAfter(world, 20);
    world.portage.emerge = async ({ print }) => {
      await seconds(600);
      print('done\n');
      return 0;
    };
    const container = await world.buildContainer();
    const { exitStatus } = await passTime(runJob({ ...world.context, engine }, container, emerge, () => undefined));
    expect(exitStatus).toBe(0);
    expect(cuts()).toBeGreaterThan(20);
  });

  it('is replaced when it is half open: open, and nothing comes back', async () => {
    using world = new BuildWorld();
    world.portage.echoes = false;
    const first: Program = async ({ print }) => {
      await seconds(40);
      world.portage.echoes = true;
      print('done\n');
      return 0;
    };
    expect((await run(world, first)).lines).toEqual(['done']);
    expect(world.portage.followers).toBeGreaterThan(1);
  });
});

describe('a container that is gone while a job runs in it', () => {
  it('is lost when somebody removed it', async () => {
    using world = new BuildWorld();
    const program: Program = ({ container }) => {
      void world.engine.removeContainer(container.id);
      return hangForGood({} as never);
    };
    await expect(run(world, program)).rejects.toMatchObject({
      code: 'container-lost',
      message: expect.stringContaining('somebody removed it') as string,
    });
  });

  it('is lost when it was stopped, with its exit status', async () => {
    using world = new BuildWorld();
    const program: Program = ({ container }) => {
      world.engine.stopContainer(container, 143);
      return hangForGood({} as never);
    };
    await expect(run(world, program)).rejects.toMatchObject({
      code: 'container-lost',
      message: expect.stringContaining('exited (exit status 143)') as string,
    });
  });

  it('was out of memory when the kernel killed it', async () => {
    using world = new BuildWorld();
    const program: Program = ({ container }) => {
      container.oomKilled = true;
      world.engine.stopContainer(container, 137);
      return hangForGood({} as never);
    };
    await expect(run(world, program)).rejects.toMatchObject({ code: 'out-of-memory' });
  });

  it('is not lost while it is paused, however long', async () => {
    using world = new BuildWorld();
    world.portage.cuts.push(1);
    const program: Program = async ({ container, print }) => {
      container.state = 'paused';
      print('text\n');
      await seconds(600);
      container.state = 'running';
      return 0;
    };
    expect((await run(world, program)).lines).toEqual(['text']);
  });

  it('is lost when it is removed while it is paused', async () => {
    using world = new BuildWorld();
    world.portage.cuts.push(1);
    const program: Program = async ({ container, print }) => {
      container.state = 'paused';
      print('text\n');
      await seconds(600);
      await world.engine.removeContainer(container.id);
      return hangForGood({} as never);
    };
    await expect(run(world, program)).rejects.toMatchObject({
      code: 'container-lost',
      message: expect.stringContaining('somebody removed it') as string,
    });
  });
});

describe('a silence timeout', () => {
  const limited: Job = { ...emerge, silenceTimeout: 100 };

  it('ends a job when no log was written to for so long, and not before', async () => {
    using world = new BuildWorld();
    const elapsed = stopwatch();
    world.portage.secondsOfSilence = () => elapsed() / 1000;
    await expect(run(world, hangForGood, limited)).rejects.toMatchObject({ code: 'timed-out', exitStatus: 35 });
    expect(Math.round(elapsed() / 1000)).toBe(100);
  });

  it("goes by the age of the packages' logs, where the stream has nothing to say", async () => {
    using world = new BuildWorld();
    world.portage.secondsOfSilence = () => 5;
    const { result } = await run(world, async () => (await seconds(1000), 0), limited);
    expect(result.exitStatus).toBe(0);
    expect(world.portage.names.filter((name) => name === 'silence').length).toBeGreaterThan(5);
  });

  it('does not ask while the stream has something to say', async () => {
    using world = new BuildWorld();
    const program: Program = async ({ print }) => {
      for (let line = 0; line < 20; line++) {
        print(`${line}\n`);
        await seconds(50);
      }
      return 0;
    };
    await run(world, program, limited);
    expect(world.portage.names).not.toContain('silence');
  });

  it('is not begun anew by a stream that is cut more often than that', async () => {
    using world = new BuildWorld();
    const { engine } = cutAfter(world, 60);
    const elapsed = stopwatch();
    world.portage.secondsOfSilence = () => elapsed() / 1000;
    world.portage.emerge = hangForGood;
    const container = await world.buildContainer();
    const running = passTime(runJob({ ...world.context, engine }, container, limited, () => undefined));
    await expect(running).rejects.toMatchObject({ code: 'timed-out' });
    expect(elapsed() / 1000).toBeLessThan(110);
  });

  it('does not end a job because the engine does not say how old the logs are', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'execAttached', nth: 2, error: new Failure('engine-lost', 'lost') });
    const { result } = await run(world, async () => (await seconds(150), 0), limited);
    expect(result.exitStatus).toBe(0);
  });

  it('leaves no timer behind when the job ends while the age of the logs is asked for', async () => {
    using world = new BuildWorld();
    world.portage.secondsOfSilence = () => 5;
    world.engine.fault({ method: 'execAttached', nth: 2, delay: 10_000 });
    await run(world, async ({ print }) => (await seconds(101), print('text\n'), await seconds(4), 0), limited);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an abort', () => {
  it.each([
    { when: 'while the stream is read', cuts: [] },
    { when: 'while it is waited for another stream', cuts: Array<number>(9).fill(0) },
  ])('ends the following at once with its reason, $when', async ({ cuts }) => {
    using world = new BuildWorld();
    world.portage.cuts.push(...cuts);
    let elapsed = stopwatch();
    const program: Program = (running) => {
      elapsed = stopwatch();
      running.print('text\n');
      setTimeout(() => world.aborter.abort(interruption), 500);
      return hang(running);
    };
    await expect(run(world, program)).rejects.toBe(interruption);
    expect(elapsed()).toBe(500);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('keep-alive bytes', () => {
  it('are written every one and a half seconds while the stream is open, and not after', async () => {
    using world = new BuildWorld();
    await run(world, async () => (await seconds(30.1), 0));
    expect(world.portage.keepAliveBytes).toBe(20);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.portage.keepAliveBytes).toBe(20);
  });

  it('never show up as lines of the job', async () => {
    using world = new BuildWorld();
    const { lines } = await run(world, async ({ print }) => (print('a'), await seconds(10), print('b\n'), 0));
    expect(lines).toEqual(['ab']);
  });
});

describe('a slow reader', () => {
  it('stops the reading: no more is taken from the engine than it has dealt with', async () => {
    using world = new BuildWorld();
    world.portage.emerge = hangForGood;
    const container = await world.buildContainer();
    let taken = 0;
    const closed = new AbortController();
    const output = endlessLines(closed.signal, () => (taken += 1));
    const engine = intercept(world, (exec) => ({ ...exec, output, close: () => closed.abort() }));
    let dealtWith = 0;
    const running = runJob({ ...world.context, engine }, container, emerge, async () => {
      await seconds(1);
      dealtWith += 1;
      if (dealtWith === 5) world.aborter.abort(interruption);
    });
    const ahead: number[] = [];
    const watch = setInterval(() => ahead.push(taken - dealtWith), 100);
    await expect(passTime(running)).rejects.toBe(interruption);
    clearInterval(watch);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(2);
  });

  it('does not have its stream taken for half open', async () => {
    using world = new BuildWorld();
    world.portage.emerge = ({ print }) => {
      print('one\n');
      return 0;
    };
    const container = await world.buildContainer();
    let busy = false;
    const closed: boolean[] = [];
    const engine = intercept(world, (exec) => ({ ...exec, close: () => (closed.push(busy), exec.close()) }));
    const running = runJob({ ...world.context, engine }, container, emerge, async () => {
      busy = true;
      await seconds(60);
      busy = false;
    });
    await passTime(running);
    expect(closed).toEqual([false]);
  });
});

describe('what Portage says of itself', () => {
  it('is passed on once for each change', async () => {
    using world = new BuildWorld();
    const snapshot = (completed: number): string =>
      JSON.stringify({ type: 'snapshot', jobs: { completed, total: 2 }, tasks: [] });
    world.portage.statusLines = [snapshot(0), snapshot(0), snapshot(1), '{"type":'];
    await run(world, () => 0, { ...emerge, watch: true });
    expect(world.events).toEqual([0, 1].map((completed) => ({ type: 'running', completed, total: 2, packages: [] })));
  });
});

describe('a job that can write nothing', () => {
  it('is reported as such, and not waited for', async () => {
    using world = new BuildWorld();
    const container = await world.buildContainer();
    world.portage.emerge = hangForGood;
    const engine = intercept(world, (exec) => ({
      ...exec,
      output: after([{ stream: 'stderr', data: Buffer.from('ended unstarted 0\n') }]),
    }));
    await expect(
      passTime(runJob({ ...world.context, engine }, container, emerge, () => undefined)),
    ).rejects.toMatchObject({
      code: 'mount-unusable',
      message: expect.stringMatching(/^failed to start emerge: .* the volume gentoo-logs, .*\/build\.log$/) as string,
    });
  });
});

/** The engine, with its attached execs changed. */
function intercept(world: BuildWorld, change: (exec: AttachedExec) => AttachedExec): Engine {
  return new Proxy<Engine>(world.context.engine, {
    get: (engine, property) =>
      property === 'execAttached'
        ? async (...args: Parameters<Engine['execAttached']>) => change(await engine.execAttached(...args))
        : Reflect.get(engine, property),
  });
}

/** The engine behind a proxy that cuts every follower's connection after so many seconds. */
function cutAfter(world: BuildWorld, age: number): { engine: Engine; cuts: () => number } {
  let cuts = 0;
  const engine = intercept(world, (exec) => {
    setTimeout(() => {
      cuts += 1;
      exec.close();
    }, age * 1000);
    return exec;
  });
  return { engine, cuts: () => cuts };
}

async function* after(
  first: readonly OutputChunk[],
  rest: AsyncIterable<OutputChunk> = (async function* () {})(),
): AsyncGenerator<OutputChunk> {
  yield* first;
  yield* rest;
}

async function* endlessLines(closed: AbortSignal, onTake: () => void): AsyncGenerator<OutputChunk> {
  while (!closed.aborted) {
    onTake();
    yield await Promise.resolve({ stream: 'stdout', data: Buffer.from('line\n') } as const);
  }
}
