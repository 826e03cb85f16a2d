// Reads the output of a large exec to its end, as fast as it comes, and prints what that took as JSON. To be started
// with --max-semi-space-size=2, as the program is.
//
//     node real-engine-drain.ts CONTAINER COMMAND...
import { connectEngine } from '../../src/engine/connect-engine.ts';
import type { ContainerId } from '../../src/engine/engine.ts';

/** What it prints. */
export interface DrainReport {
  readonly bytes: number;
  /** From before the exec was made to the end of its output. */
  readonly milliseconds: number;
  /** The largest resident set that was seen, over the one before the exec was made. */
  readonly grownBytes: number;
  readonly exitCode: number | null;
}

const [container = '', ...command] = process.argv.slice(2);
const engine = await connectEngine(process.env);
const before = process.memoryUsage.rss();
let peak = before;
const sampler = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 10);
const start = performance.now();
const exec = await engine.execAttached(container as ContainerId, { command });
let bytes = 0;
for await (const { data } of exec.output) bytes += data.length;
const milliseconds = Math.round(performance.now() - start);
clearInterval(sampler);
const exitCode = (await engine.execExitCode(exec.id)) ?? null;
const report: DrainReport = { bytes, milliseconds, grownBytes: peak - before, exitCode };
process.stdout.write(JSON.stringify(report));
