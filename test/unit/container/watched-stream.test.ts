import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ContainerSession } from '../../../src/container/container-session.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure } from '../../../src/failure.ts';
import type { ExecScript } from '../../support/fake-engine/fake-engine-execs.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';
import { BuildWorld, interruption } from '../builder/build-world.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));
const forever = (): Promise<never> => new Promise(() => undefined);

/** Reads a stream to its end; resolves to its text, fault and exit status. */
async function read(session: ContainerSession): Promise<{ text: string; fault: unknown; status: number | undefined }> {
  const stream = await session.stream({ command: ['x'] });
  let text = '';
  for await (const { stream: name, data } of stream.output()) text += `${name} ${data.toString()};`;
  const status = await stream.exitStatus();
  return { text, fault: stream.fault, status };
}

async function readIn(world: BuildWorld, script: ExecScript): Promise<unknown> {
  const session = await world.session();
  world.engine.onExec = script;
  return passTime(read(session).catch((error: unknown) => error));
}

describe('a watched stream', () => {
  it('has the output of its process, and its exit status', async () => {
    using world = new BuildWorld();
    const result = await readIn(world, () => ({ stdout: 'out', stderr: 'err', exitCode: 7 }));
    expect(result).toEqual({ text: 'stdout out;stderr err;', fault: undefined, status: 7 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gets a keep-alive byte every 1.5 seconds', async () => {
    using world = new BuildWorld();
    const bytes: string[] = [];
    await readIn(world, async (_container, _request, streams) => {
      void (async () => {
        for await (const chunk of streams.input) {
          bytes.push(chunk.toString());
          streams.print('stderr', chunk);
        }
      })();
      await seconds(15.1);
      return {};
    });
    expect(bytes).toEqual(Array<string>(10).fill('\n'));
  });

  it('is closed after six seconds without a byte, and its exit status is unknown', async () => {
    using world = new BuildWorld();
    const elapsed = stopwatch();
    const session = await world.session();
    world.engine.onExec = forever;
    const stream = await session.stream({ command: ['x'] });
    const first = await passTime(stream.output().next());
    expect(first).toEqual({ done: true, value: undefined });
    expect([elapsed() >= 6000, elapsed() <= 7500]).toEqual([true, true]);
    expect(await passTime(stream.exitStatus())).toBeUndefined();
  });

  it('stays open while its reader is busy', async () => {
    using world = new BuildWorld();
    const session = await world.session();
    world.engine.onExec = async (_container, _request, streams) => {
      streams.print('stdout', 'a');
      await seconds(1);
      return { stdout: 'b' };
    };
    const stream = await session.stream({ command: ['x'] });
    const texts: string[] = [];
    await passTime(
      (async () => {
        for await (const { data } of stream.output()) {
          texts.push(data.toString());
          await seconds(60);
        }
      })(),
    );
    expect(texts).toEqual(['a', 'b']);
  });

  it.each([new EngineRefusal(500, 'ill'), new Failure('engine-lost', 'lost')])(
    'has a fault and no output if it cannot be opened: %o',
    async (error) => {
      using world = new BuildWorld();
      world.engine.fault({ method: 'execAttached', error });
      expect(await readIn(world, () => ({}))).toEqual({ text: '', fault: error, status: undefined });
    },
  );

  it('has a fault if the engine does not tell the exit status', async () => {
    using world = new BuildWorld();
    const error = new Failure('engine-lost', 'lost');
    world.engine.fault({ method: 'execExitCode', error });
    expect(await readIn(world, () => ({ stdout: 'a' }))).toEqual({
      text: 'stdout a;',
      fault: error,
      status: undefined,
    });
  });

  it('throws every other failure', async () => {
    using world = new BuildWorld();
    const error = new Failure('engine-denied', 'no');
    world.engine.fault({ method: 'execAttached', error });
    expect(await readIn(world, () => ({}))).toBe(error);
  });

  it('ends at once if the run is aborted, with the reason', async () => {
    using world = new BuildWorld();
    const elapsed = stopwatch();
    setTimeout(() => world.aborter.abort(interruption), 2000);
    expect(await readIn(world, forever)).toBe(interruption);
    expect(elapsed()).toBe(2000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends at once if the run was aborted before', async () => {
    using world = new BuildWorld();
    world.aborter.abort(interruption);
    const elapsed = stopwatch();
    expect(await readIn(world, forever)).toBe(interruption);
    expect(elapsed()).toBe(0);
  });
});
