import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

it('passes no fake time while a file is read, however long the system takes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fake-time-'));
  const pipe = join(directory, 'pipe');
  spawnSync('mkfifo', [pipe]);
  const ticks = setInterval(() => undefined, 60_000);
  const elapsed = stopwatch();
  const reading = readFile(pipe, 'utf8');
  spawn('sh', ['-c', 'sleep 0.2; echo done >"$0"', pipe]);
  expect(await passTime(reading)).toBe('done\n');
  expect(elapsed()).toBe(0);
  clearInterval(ticks);
  rmSync(directory, { recursive: true });
});
