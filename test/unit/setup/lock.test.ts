import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { withLock } from '../../../setup/process/lock.js';

const module = new URL('../../../setup/process/lock.js', import.meta.url).href;

test('work of one name is done one after the other', async () => {
  let running = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(`test ${process.pid}`, work)));
  expect(most).toBe(1);
});

test('a holder that is killed holds nothing', async () => {
  const name = `test killed ${process.pid}`;
  const program = `import { withLock } from ${JSON.stringify(module)};
    await withLock(${JSON.stringify(name)}, () => new Promise(() => { console.log('held'); setInterval(() => {}, 1e6); }));`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(holder.stdout, 'data');
  const waiting = withLock(name, async () => 'mine');
  holder.kill('SIGKILL');
  expect(await waiting).toBe('mine');
});

test('failing work releases the lock', async () => {
  const name = `test failing ${process.pid}`;
  await expect(withLock(name, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(name, async () => 'next')).toBe('next');
});
