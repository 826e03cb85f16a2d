import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ContainerSession } from '../../../src/container/container-session.ts';
import type { Job } from '../../../src/job/job.ts';
import { runJob, type JobResult } from '../../../src/job/run-job.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { AttachedExec, OutputChunk } from '../../../src/engine/execs.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure } from '../../../src/failure.ts';
import { BuildWorld, interruption } from '../builder/build-world.ts';
import { hang, hangForGood, type Program } from './fake-jobs.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

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
  const container = await world.session();
  return follow(container, job);
}

async function follow(container: ContainerSession, job: Job): Promise<Run> {
  const lines: string[] = [];
  const result = await passTime(runJob(container, job, (line) => void lines.push(line)));
  return { lines, result };
}

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));

describe('a job', () => {
  it('runs with its command and environment, and returns its exit status and its lines', async () => {
    using world = new BuildWorld();
    const { lines, result } = await run(world, ({ command, environment, print }) => {
      print(`${command.join(' ')}\n${environment['USE']}\nno line end`);
      return 7;
    });
    expect(lines).toEqual(['emerge app-misc/hello', 'x', 'no line end']);
    expect(result).toEqual({ exitStatus: 7, lines, result: world.portage.merged });
  });

  it('is not started if the run was aborted before', async () => {
    using world = new BuildWorld();
    world.aborter.abort(interruption);
    await expect(run(world, () => 0)).rejects.toBe(interruption);
    expect(world.portage.names).toEqual([]);
  });

  it('continues in the same log after the output of the last job', async () => {
    using world = new BuildWorld();
    world.portage.sync = ({ print }) => {
      print('synced\n');
      return 0;
    };
    world.portage.emerge = ({ print }) => {
      print('emerged\n');
      return 0;
    };
    const container = await world.session();
    expect((await follow(container, { ...emerge, name: 'sync' })).lines).toEqual(['synced']);
    expect((await follow(container, emerge)).lines).toEqual(['emerged']);
    expect(container.log.read).toBe('synced\nemerged\n'.length);
  });

  it('is the current job of the session until its end', async () => {
    using world = new BuildWorld();
    const container = await world.session();
    const waitedFor: unknown[] = [];
    world.portage.emerge = async () => {
      await seconds(1);
      waitedFor.push(container.currentJob);
      return 0;
    };
    await follow(container, emerge);
    expect(waitedFor).toEqual([expect.any(String)]);
    expect(container.currentJob).toBeUndefined();
  });

  it('tells how many processes the kernel killed during the job because memory was short', async () => {
    using world = new BuildWorld();
    const { result } = await run(world, ({ killForMemory }) => {
      for (let count = 0; count < 2; count += 1) killForMemory();
      return 1;
    });
    expect(result.memoryKills).toBe(2);
    using other = new BuildWorld();
    expect((await run(other, () => 1)).result.memoryKills).toBeUndefined();
  });

  it('whose status was never written is out of memory if the kernel says so', async () => {
    using world = new BuildWorld();
    const killed: Program = ({ killForMemory }) => {
      killForMemory();
      return 'killed';
    };
    await expect(run(world, killed)).rejects.toMatchObject({
      code: 'out-of-memory',
      message:
        'failed to run emerge: its exit status is lost, and the kernel killed a process because memory was short',
      hint: 'run fewer processes at once: set MAKEOPTS="-j1" in make.conf',
    });
  });

  it('whose status was never written names the disk if one is full', async () => {
    using world = new BuildWorld();
    world.portage.space = '7 4096 0 1000 0 0 /var/tmp/portage\n';
    await expect(run(world, () => 'killed')).rejects.toMatchObject({
      code: 'disk-full',
      message: 'failed to run emerge: its exit status is lost, and no space is left at /var/tmp/portage',
      hint: 'free space in the volume or directory that is mounted at /var/tmp/portage',
    });
  });

  it('fails as killed if its status was never written', async () => {
    using world = new BuildWorld();
    const killed: Program = ({ print }) => {
      print('a line\n');
      return 'killed';
    };
    await expect(run(world, killed)).rejects.toMatchObject({
      code: 'emerge-failed',
      message: 'failed to run emerge: its exit status is lost; perhaps its process was killed in the build container',
      hint: 'if memory is short, run fewer processes at once: set MAKEOPTS="-j1" in make.conf',
      logTail: ['a line'],
    });
  });

  it('that was killed shows at most its last twenty lines', async () => {
    using world = new BuildWorld();
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const killed: Program = ({ print }) => {
      print(lines.map((line) => `${line}\n`).join(''));
      return 'killed';
    };
    await expect(run(world, killed)).rejects.toMatchObject({ logTail: lines.slice(10) });
  });

  it('of the step sync fails as a failed sync if it is killed', async () => {
    using world = new BuildWorld();
    world.portage.sync = () => 'killed';
    const container = await world.session();
    await expect(follow(container, { ...emerge, name: 'sync', step: 'sync' })).rejects.toMatchObject({
      code: 'sync-failed',
      message: expect.stringMatching(/^failed to run sync: /) as string,
    });
  });

  it('is started again if the answer of the engine is lost, at most five times', async () => {
    using world = new BuildWorld();
    const lost = new Failure('engine-lost', 'lost');
    for (const nth of [1, 2, 3, 4]) world.engine.fault({ method: 'execDetached', nth, error: lost });
    const elapsed = stopwatch();
    expect((await run(world, () => 7)).result.exitStatus).toBe(7);
    expect([world.calls('execDetached').length, elapsed()]).toEqual([5, 4 * 300]);

    using other = new BuildWorld();
    other.engine.fault({ method: 'execDetached', error: lost });
    await expect(run(other, () => 7)).rejects.toBe(lost);
    expect(other.calls('execDetached')).toHaveLength(5);
  });

  it('is not started again if the engine refuses it', async () => {
    using world = new BuildWorld();
    const refusal = new EngineRefusal(409, 'the container is paused');
    world.engine.fault({ method: 'execDetached', error: refusal });
    await expect(run(world, () => 7)).rejects.toBe(refusal);
    expect(world.calls('execDetached')).toHaveLength(1);
  });

  it('is not started again after an abort', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'execDetached', error: new Failure('engine-lost', 'lost') });
    setTimeout(() => world.aborter.abort(interruption), 100);
    await expect(run(world, () => 7)).rejects.toBe(interruption);
    expect(world.calls('execDetached')).toHaveLength(1);
  });

  it('leaves no timer behind', async () => {
    using world = new BuildWorld();
    await run(world, async () => (await seconds(20), 0), { ...emerge, silenceTimeout: 600 });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a connection that is cut', () => {
  const text = 'one\nzwei \u00e4\u00f6\u00fc \u{1f600}\n\nlast';
  const whole = text.split('\n');
  const size = Buffer.byteLength(text);
  const wire = size + `result app-misc/hello-2.10\nended 3 ${size}\n`.length;
  const program: Program = ({ print }) => {
    print(text);
    return 3;
  };

  it.each(Array.from({ length: wire + 1 }, (_, index) => index))(
    'after %i bytes loses no line and repeats none',
    async (cut) => {
      using world = new BuildWorld();
      world.portage.cuts.push(cut);
      const { lines, result } = await run(world, program);
      expect(lines).toEqual(whole);
      expect(result).toMatchObject({ exitStatus: 3, result: ['app-misc/hello-2.10'] });
      expect(world.portage.followers).toBe(cut < wire ? 2 : 1);
    },
  );

  it('again and again loses no line and repeats none, in whatever pieces the log was written', async () => {
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

  it('in the middle of the last message does not join that message with the next connection', async () => {
    using world = new BuildWorld();
    const line = 'x'.repeat(119);
    world.portage.cuts.push(120 + 'ended 0 12'.length);
    world.portage.emerge = ({ print }) => {
      print(`${line}\n`);
      // A process that the job left running still writes.
      setTimeout(() => print('late\n'), 100);
      return 0;
    };
    let connections = 0;
    const echo = { stream: 'stderr', data: Buffer.from('\n') } as const;
    const engine = intercept(world, (exec) =>
      ++connections === 2 ? { ...exec, output: after([echo], exec.output) } : exec,
    );
    const lines: string[] = [];
    await passTime(runJob(await world.session({ engine }), emerge, (text) => void lines.push(text)));
    expect(lines).toEqual([line, 'late']);
  });

  it('ends the run as engine-lost if ten more connections in a row bring nothing', async () => {
    using world = new BuildWorld();
    world.portage.cuts.push(...Array<number>(100).fill(0));
    const printing: Program = ({ print }) => {
      print('text\n');
      return 0;
    };
    await expect(run(world, printing)).rejects.toMatchObject({
      code: 'engine-lost',
      message: 'failed to follow emerge: the engine cut the stream 11 times in a row',
      hint: 'check whether a proxy between this program and the engine closes connections, or whether the engine restarts',
    });
    expect(world.portage.followers).toBe(11);
  });

  it("ends the run with the engine's last error as the cause if the engine refuses new connections", async () => {
    using world = new BuildWorld();
    const refusal = new Failure('engine-lost', 'lost the engine');
    world.engine.fault({ method: 'execAttached', error: refusal });
    await expect(run(world, hangForGood)).rejects.toMatchObject({ code: 'engine-lost', cause: refusal });
  });

  it('does not end the run while keep-alive bytes come back, even if the job is silent for long', async () => {
    using world = new BuildWorld();
    const { engine, cuts } = cutAfter(world, 20);
    world.portage.emerge = async ({ print }) => {
      await seconds(600);
      print('done\n');
      return 0;
    };
    const { exitStatus } = await passTime(runJob(await world.session({ engine }), emerge, () => undefined));
    expect(exitStatus).toBe(0);
    expect(cuts()).toBeGreaterThan(20);
  });

  it('is replaced if it is half open: it is open, but no byte comes back', async () => {
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

describe('a job whose container is gone', () => {
  it('fails as container-lost if somebody removed the container', async () => {
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

  it('fails as container-lost, with the exit status, if the container was stopped', async () => {
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

  it('fails as out-of-memory if the kernel killed the container', async () => {
    using world = new BuildWorld();
    const program: Program = ({ container }) => {
      container.oomKilled = true;
      world.engine.stopContainer(container, 137);
      return hangForGood({} as never);
    };
    await expect(run(world, program)).rejects.toMatchObject({ code: 'out-of-memory' });
  });

  it('waits while the container is paused, for any time', async () => {
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

  it('fails as container-lost if the container is removed while it is paused', async () => {
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

  it('ends a job exactly when no log was written for this time', async () => {
    using world = new BuildWorld();
    const elapsed = stopwatch();
    world.portage.secondsOfSilence = () => elapsed() / 1000;
    await expect(run(world, hangForGood, limited)).rejects.toMatchObject({
      code: 'timed-out',
      exitStatus: 35,
      message: 'failed to emerge: nothing was written to any log for 100 s',
      hint: 'raise --silence-timeout, or find the command that hangs in the last lines of the log',
    });
    expect(Math.round(elapsed() / 1000)).toBe(100);
  });

  it("uses the age of the packages' logs if the job prints nothing", async () => {
    using world = new BuildWorld();
    world.portage.secondsOfSilence = () => 5;
    const { result } = await run(world, async () => (await seconds(1000), 0), limited);
    expect(result.exitStatus).toBe(0);
    expect(world.portage.names.filter((name) => name === 'silence').length).toBeGreaterThan(5);
  });

  it('does not ask for the age of the logs while the job prints output', async () => {
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

  it('does not start again with each new connection', async () => {
    using world = new BuildWorld();
    const { engine } = cutAfter(world, 60);
    const elapsed = stopwatch();
    world.portage.secondsOfSilence = () => elapsed() / 1000;
    world.portage.emerge = hangForGood;
    const running = passTime(runJob(await world.session({ engine }), limited, () => undefined));
    await expect(running).rejects.toMatchObject({ code: 'timed-out' });
    expect(elapsed() / 1000).toBeLessThan(110);
  });

  it('does not end a job if the engine does not tell the age of the logs', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'execAttached', nth: 2, error: new Failure('engine-lost', 'lost') });
    const { result } = await run(world, async () => (await seconds(150), 0), limited);
    expect(result.exitStatus).toBe(0);
  });

  it('leaves no timer behind if the job ends while the age of the logs is read', async () => {
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
    { when: 'during a connection', cuts: [] },
    { when: 'while it waits for a new connection', cuts: Array<number>(9).fill(0) },
  ])('ends the follower at once and throws the reason, $when', async ({ cuts }) => {
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
  it('are written every 1.5 seconds while the connection is open, and not after', async () => {
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
  it('slows the follower down: the follower reads at most two chunks ahead', async () => {
    using world = new BuildWorld();
    world.portage.emerge = hangForGood;
    let taken = 0;
    const closed = new AbortController();
    const output = endlessLines(closed.signal, () => (taken += 1));
    const engine = intercept(world, (exec) => ({ ...exec, output, close: () => closed.abort() }));
    let dealtWith = 0;
    const running = runJob(await world.session({ engine }), emerge, async () => {
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

  it('does not make the connection count as half open', async () => {
    using world = new BuildWorld();
    world.portage.emerge = ({ print }) => {
      print('one\n');
      return 0;
    };
    let busy = false;
    const closed: boolean[] = [];
    const engine = intercept(world, (exec) => ({ ...exec, close: () => (closed.push(busy), exec.close()) }));
    const running = runJob(await world.session({ engine }), emerge, async () => {
      busy = true;
      await seconds(60);
      busy = false;
    });
    await passTime(running);
    expect(closed).toEqual([false]);
  });
});

describe("Portage's status stream", () => {
  it('is reported once for each change', async () => {
    using world = new BuildWorld();
    const snapshot = (completed: number): string =>
      JSON.stringify({ type: 'snapshot', jobs: { completed, total: 2 }, tasks: [] });
    world.portage.statusLines = [snapshot(0), snapshot(0), snapshot(1), '{"type":'];
    await run(world, () => 0, { ...emerge, watch: true });
    expect(world.events).toEqual([0, 1].map((completed) => ({ type: 'running', completed, total: 2, packages: [] })));
  });
});

describe('the usage of the container', () => {
  it('is reported with each sample of the follower', async () => {
    using world = new BuildWorld();
    world.portage.statusLines = ['usage 700 200 2500000', 'usage 800 0 3000000', 'usage x 0 1', 'usage 1 2'];
    await run(world, () => 0, { ...emerge, watch: true });
    expect(world.events).toEqual([
      { type: 'usage', rss: 700, shmem: 200, processorSeconds: 2.5 },
      { type: 'usage', rss: 800, shmem: 0, processorSeconds: 3 },
    ]);
  });
});

describe('a job that cannot write its status or log', () => {
  it('fails at once as mount-unusable', async () => {
    using world = new BuildWorld();
    world.portage.emerge = hangForGood;
    const engine = intercept(world, (exec) => ({
      ...exec,
      output: after([{ stream: 'stderr', data: Buffer.from('ended unstarted 0\n') }]),
    }));
    await expect(passTime(runJob(await world.session({ engine }), emerge, () => undefined))).rejects.toMatchObject({
      code: 'mount-unusable',
      message: expect.stringMatching(
        /^failed to start emerge: it cannot write to its work volume or to the volume gentoo-logs, .*\/build\.log$/,
      ) as string,
      hint: expect.stringMatching(/disk .* is full \(`docker system df`\), and .* logs is writable$/) as string,
    });
  });
});

/** The engine of a world, with each attached exec replaced by `change(exec)`. */
function intercept(world: BuildWorld, change: (exec: AttachedExec) => AttachedExec): Engine {
  return new Proxy<Engine>(world.context.engine, {
    get: (engine, property) =>
      property === 'execAttached'
        ? async (...args: Parameters<Engine['execAttached']>) => change(await engine.execAttached(...args))
        : Reflect.get(engine, property),
  });
}

/** The engine behind a proxy that cuts every connection after `age` seconds. */
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
