import { readFileSync, writeFileSync } from 'node:fs';
import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';

/*
 * Reads the output of a command in a container as the builder does, in a process of its own, and prints measurements:
 *
 *     node read-large-log.ts CONTAINER COMMAND...
 */

/** The output of this program, as JSON. Memory is the growth in bytes from before the first byte to the peak. */
export interface LargeLogRead {
  readonly seconds: number;
  readonly bytes: number;
  readonly growth: number;
}

/** A line of /proc/self/status (proc_pid_status(5)), in bytes. */
function memory(line: 'VmRSS' | 'VmHWM'): number {
  const text = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024;
}

const [container = '', ...command] = process.argv.slice(2);
const engine = await connectEngine(process.env);
// Sets the peak to the present memory (proc_pid_clear_refs(5)).
writeFileSync('/proc/self/clear_refs', '5');
const before = memory('VmRSS');
const start = performance.now();
const exec = await engine.execAttached(container as ContainerId, { command });
let bytes = 0;
for await (const { data } of exec.output) bytes += data.length;
const seconds = (performance.now() - start) / 1000;
exec.close();
const result: LargeLogRead = { seconds, bytes, growth: memory('VmHWM') - before };
process.stdout.write(`${JSON.stringify(result)}\n`);
