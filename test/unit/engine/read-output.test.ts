import { expect, test } from 'vitest';
import type { AttachedExec, OutputChunk } from '../../../src/engine/execs.ts';
import { readOutput } from '../../../src/engine/read-output.ts';
import { FakeEngine } from '../../support/fake-engine/fake-engine.ts';

/** The process of a command that runs in a container, and what is done to its connection. */
async function processThatPrints(engine: FakeEngine, chunks: readonly OutputChunk[], end?: Error) {
  engine.addImage('base');
  const id = await engine.createContainer('c', { image: 'base', command: ['x'], mounts: [] });
  await engine.startContainer(id);
  const process = await engine.execAttached(id, { command: ['x'] });
  const closed: string[] = [];
  async function* output(): AsyncGenerator<OutputChunk> {
    yield* chunks;
    await Promise.resolve();
    if (end !== undefined) throw end;
  }
  const exec: AttachedExec = { ...process, output: output(), close: () => closed.push('closed') };
  return { exec, closed };
}

const chunk = (stream: OutputChunk['stream'], text: string): OutputChunk => ({ stream, data: Buffer.from(text) });
const countTimers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

test('the output of a process is whole, its connection is closed, and no timer is left', async () => {
  using engine = new FakeEngine();
  const chunks = [chunk('stdout', 'a'), chunk('stderr', 'b'), chunk('stdout', 'c')];
  const { exec, closed } = await processThatPrints(engine, chunks);
  const timers = countTimers();
  expect(await readOutput(engine, exec)).toEqual({ stdout: 'ac', stderr: 'b' });
  expect(closed).toEqual(['closed']);
  expect(countTimers()).toBe(timers);
});

test('the connection is closed if it breaks', async () => {
  using engine = new FakeEngine();
  const { exec, closed } = await processThatPrints(engine, [chunk('stdout', 'a')], new Error('reset'));
  await expect(readOutput(engine, exec)).rejects.toThrow('reset');
  expect(closed).toEqual(['closed']);
});
