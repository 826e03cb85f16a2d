import { buffer } from 'node:stream/consumers';

import { afterEach, describe, expect, test } from 'vitest';

import type { ContainerId } from '../../../src/engine/identifiers.ts';
import { commandsIn } from '../../../src/engine/run-command.ts';
import { FakeEngine } from '../../support/fake-engine/fake-engine.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';

afterEach(restoreTime);

const command = ['true'];

async function running(engine: FakeEngine): Promise<ContainerId> {
  engine.addImage('base');
  const id = await engine.createContainer('c', { image: 'base', command: ['x'], mounts: [] });
  await engine.startContainer(id);
  return id;
}

describe('a short command', () => {
  test('prints on both streams, and has an exit code', async () => {
    using engine = new FakeEngine();
    engine.onExec = () => ({ stdout: 'out', stderr: 'err', exitCode: 3 });
    expect(await commandsIn(engine, await running(engine)).run({ command })).toEqual({
      ...{ stdout: 'out', stderr: 'err', exitCode: 3 },
    });
  });

  test('reads its input', async () => {
    using engine = new FakeEngine();
    engine.onExec = async (_container, _request, { input }) => {
      for await (const data of input) return { stdout: data };
      return { stdout: await buffer(input) };
    };
    const input = Buffer.from('given');
    expect(await commandsIn(engine, await running(engine)).run({ command, input })).toMatchObject({ stdout: 'given' });
  });

  test('runs again if its connection is cut, and its output begins again', async () => {
    using engine = new FakeEngine();
    let runs = 0;
    engine.onExec = (_container, _request, streams) => {
      runs += 1;
      if (runs > 1) return { stdout: 'whole' };
      streams.print('stdout', 'ha');
      return { exitCode: 126 };
    };
    expect(await commandsIn(engine, await running(engine)).run({ command })).toMatchObject({
      stdout: 'whole',
      exitCode: 0,
    });
    expect(runs).toBe(2);
  });

  test('has no known exit code if the engine says 126 three times: its client may be gone', async () => {
    using engine = new FakeEngine();
    engine.onExec = () => ({ exitCode: 126 });
    expect(await commandsIn(engine, await running(engine)).run({ command })).toMatchObject({ exitCode: undefined });
    expect(engine.calls.filter(({ method }) => method === 'execAttached')).toHaveLength(3);
  });
});

describe('a short command whose connection is half open', () => {
  test('runs again within seconds after the process has ended', async () => {
    fakeTime();
    using engine = new FakeEngine();
    let runs = 0;
    engine.onExec = (_container, _request, streams) => {
      runs += 1;
      if (runs === 1) {
        streams.print('stdout', 'the beg');
        streams.lose();
      }
      return { stdout: 'whole' };
    };
    const elapsed = stopwatch();
    const outcome = commandsIn(engine, await running(engine)).run({ command });
    expect(await passTime(outcome)).toEqual({ stdout: 'whole', stderr: '', exitCode: 0 });
    expect(elapsed()).toBeLessThan(15_000);
    expect(runs).toBe(2);
  });

  test('fails with engine-lost after three attempts', async () => {
    fakeTime();
    using engine = new FakeEngine();
    engine.onExec = (_container, _request, streams) => {
      streams.lose();
      return {};
    };
    const outcome = commandsIn(engine, await running(engine)).run({ command: ['tool', 'x'] });
    await expect(passTime(outcome)).rejects.toMatchObject({
      code: 'engine-lost',
      message: 'failed to run tool in a container: its connection is half open',
    });
    expect(engine.calls.filter(({ method }) => method === 'execAttached')).toHaveLength(3);
  });

  test('is given up after half an hour if the process waits without end', async () => {
    fakeTime();
    using engine = new FakeEngine();
    let runs = 0;
    engine.onExec = async (_container, _request, streams) => {
      runs += 1;
      if (runs === 1) streams.lose();
      for await (const data of streams.input) return { stdout: data };
      return { exitCode: 1 };
    };
    const input = Buffer.from('given');
    const outcome = commandsIn(engine, await running(engine)).run({ command, input });
    expect(await passTime(outcome)).toMatchObject({ stdout: 'given', exitCode: 0 });
    expect(runs).toBe(2);
  });
});

describe('a short command that is silent for minutes and runs', () => {
  test('is awaited, as one that waits for the lock of a repository', async () => {
    fakeTime();
    using engine = new FakeEngine();
    let runs = 0;
    engine.onExec = async () => {
      runs += 1;
      await new Promise((resolve) => setTimeout(resolve, 20 * 60_000));
      return { stdout: 'at last' };
    };
    const outcome = commandsIn(engine, await running(engine)).run({ command });
    expect(await passTime(outcome)).toMatchObject({ stdout: 'at last', exitCode: 0 });
    expect(runs).toBe(1);
  });
});
