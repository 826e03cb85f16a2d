import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { connectEngine } from '../../src/engine/connect-engine.ts';
import type { ContainerId } from '../../src/engine/engine.ts';
import type { DrainReport } from '../support/real-engine-drain.ts';
import { stage, uniqueName } from '../support/real-engine.ts';

const run = promisify(execFile);
const gigabyte = 2 ** 30;

test.each([
  ['lines', `yes "x86_64-pc-linux-gnu-gcc -O2 -pipe -c -o some/object.o some/source.c" | head -c ${gigabyte}`],
  ['one endless line', `head -c ${gigabyte} /dev/zero`],
])('1 GB of log, %s, does not grow the process by more than 64 MB', { timeout: 180_000 }, async (_, script) => {
  const engine = await connectEngine(process.env);
  const id = await engine.createContainer(uniqueName('log'), {
    image: stage,
    command: ['sleep', '600'],
    mounts: [],
    init: true,
  });
  try {
    await engine.startContainer(id);
    const ours = await drain(id, script);
    const cli = await drainByCli(id, script);
    const megabytes = Math.round(ours.grownBytes / 2 ** 20);
    process.stderr.write(
      `1 GB of ${_}: ${speed(ours.milliseconds)} MB/s, docker exec ${speed(cli)} MB/s, grown by ${megabytes} MB\n`,
    );
    expect(ours).toMatchObject({ bytes: gigabyte, exitCode: 0 });
    expect(megabytes).toBeLessThan(64);
  } finally {
    await engine.removeContainer(id);
  }
});

/** In a process of its own, so that nothing but the log is measured. */
async function drain(id: ContainerId, script: string): Promise<DrainReport> {
  const program = join(import.meta.dirname, '../support/real-engine-drain.ts');
  const { stdout } = await run(process.execPath, ['--max-semi-space-size=2', program, id, 'sh', '-c', script]);
  return JSON.parse(stdout) as DrainReport;
}

async function drainByCli(id: ContainerId, script: string): Promise<number> {
  const start = performance.now();
  await run('sh', ['-c', 'exec docker exec "$0" sh -c "$1" >/dev/null', id, script]);
  return performance.now() - start;
}

function speed(milliseconds: number): number {
  return Math.round(gigabyte / 1000 / milliseconds);
}
