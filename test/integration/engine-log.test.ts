import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import type { ContainerId } from '../../src/engine/identifiers.ts';
import type { DrainReport } from '../support/real-engine/real-engine-drain.ts';
import { stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';

const run = promisify(execFile);
const gigabyte = 2 ** 30;

test.each([
  ['lines', `yes "x86_64-pc-linux-gnu-gcc -O2 -pipe -c -o some/object.o some/source.c" | head -c ${gigabyte}`],
  ['one endless line', `head -c ${gigabyte} /dev/zero`],
])('1 GB of log, %s, does not grow the process by more than 64 MB', async (_, script) => {
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
    const megabytes = Math.round(ours.grownBytes / 2 ** 20);
    expect(ours).toMatchObject({ bytes: gigabyte, exitCode: 0 });
    expect(megabytes).toBeLessThan(64);
  } finally {
    await engine.removeContainer(id);
  }
});

/** Measures in a separate process, so that only the log counts. */
async function drain(id: ContainerId, script: string): Promise<DrainReport> {
  const program = join(import.meta.dirname, '../support/real-engine/real-engine-drain.ts');
  const { stdout } = await run(process.execPath, ['--max-semi-space-size=2', program, id, 'sh', '-c', script]);
  return JSON.parse(stdout) as DrainReport;
}
