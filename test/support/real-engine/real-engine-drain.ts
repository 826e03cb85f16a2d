// Reads the output of a large exec to its end, as fast as it comes. Prints the time and memory as JSON. Start it with
// --max-semi-space-size=2, like the program.
//
//     node real-engine-drain.ts CONTAINER COMMAND...
import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';

/** The output as JSON. */
export interface DrainReport {
  readonly bytes: number;
  /** From before the exec was made to the end of its output. */
  readonly milliseconds: number;
  /** The growth of the largest resident set since before the exec was made. */
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
