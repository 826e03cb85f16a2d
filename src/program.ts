import type { Presentation } from './cli/build-arguments.ts';
import type { StandardStreams } from './terminal/terminal.ts';
import { exitStatuses, Failure, Failures, failuresOf, type PartialSuccess, type WorkEnding } from './failure.ts';
import { chooseReport } from './report/choose-report.ts';
import type { OpenReport, Report } from './report/event.ts';
import type { Program } from './report/failure-text.ts';

/** The part of a process that a program uses; Node's `process` is one. */
export interface World extends StandardStreams {
  readonly env: Readonly<Record<string, string | undefined>>;
  on(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): unknown;
  exit(status?: number): unknown;
}

/** How long a program waits for connections that do not end, after its work and its output are done. */
const lingerMs = 1000;

/**
 * Ends the process when its output is written, even if connections to an engine that was cut off are still open. A process
 * without open connections ends by itself, earlier.
 */
export function endProcess(world: Pick<World, 'exit'> & { readonly stdout: Output; readonly stderr: Output }): void {
  setTimeout(() => {
    if (world.stdout.writableLength + world.stderr.writableLength > 0) endProcess(world);
    else world.exit();
  }, lingerMs).unref();
}

/** A stream with the number of bytes that are not yet written. */
interface Output {
  readonly writableLength: number;
}

/** The exit status of a defect: of every error that is not a `Failure`. */
const defectStatus = 1;

/** The result of work that does not throw. */
type WorkResult = string | PartialSuccess | WorkEnding;

/**
 * Runs the work of a program: reports events on standard error, and prints the result on standard output. Resolves to the
 * exit status, also if the work throws. With `json`, failures are printed on standard output, too.
 */
export async function runProgram(
  world: Pick<World, 'env' | 'stdout' | 'stderr'>,
  program: Program,
  presentation: Presentation,
  work: (report: Report) => Promise<WorkResult>,
): Promise<number> {
  const report = await openReport(world, program, presentation);
  let ending: WorkEnding;
  // The report is closed before the result is printed, so that the result is the last line below an erased live view.
  try {
    ending = await end(work, report, presentation);
  } finally {
    await report.close();
  }
  const lost = await write(world, ending.output, isOneLine(ending.output));
  return lost === undefined ? ending.status : reportLostOutput(world, { program, presentation, ending, lost });
}

function openReport(
  { env: environment, stderr }: Pick<World, 'env' | 'stderr'>,
  program: Program,
  { logFormat, progress }: Presentation,
): Promise<OpenReport> {
  return chooseReport({ logFormat, progress, stderr, environment, program });
}

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, so that the program cleans up. The second signal ends the process at once; the
 * next run removes what it left behind. `consequence` tells the user the consequence of an abort.
 */
export function watchSignals(world: Pick<World, 'on' | 'exit'>, consequence: string): AbortSignal {
  const controller = new AbortController();
  const codes = [
    ['SIGINT', 'interrupted'],
    ['SIGTERM', 'terminated'],
    ['SIGHUP', 'terminated'],
  ] as const;
  for (const [signal, code] of codes) {
    world.on(signal, () => {
      if (controller.signal.aborted) world.exit(exitStatuses[code]);
      controller.abort(new Failure(code, `${code} by ${signal}: ${consequence}`));
    });
  }
  return controller.signal;
}

/** Reports the faults of a command line. Resolves to the exit status. */
export function refuse(
  world: Pick<World, 'env' | 'stdout' | 'stderr'>,
  program: Program,
  presentation: Presentation,
  failures: readonly Failure[],
): Promise<number> {
  return runProgram(world, program, { ...presentation, progress: 'plain' }, () => {
    const [first, ...others] = failures;
    return Promise.reject(
      first ? new Failures([first, ...others]) : new Error('a command line was refused without a failure'),
    );
  });
}

/** Prints a text that is no result of work, such as a help text, on standard output. Resolves to the exit status. */
export async function print(
  world: Pick<World, 'env' | 'stdout' | 'stderr'>,
  program: Program,
  output: string,
): Promise<number> {
  const lost = await write(world, output);
  if (lost === undefined) return 0;
  const presentation = { json: false, logFormat: 'text', progress: 'plain' } as const;
  return reportLostOutput(world, { program, presentation, ending: { output: '', status: 0 }, lost });
}

/**
 * Writes on standard output. Resolves to the error if the text could not be written. A reader that closed the pipe does not want the
 * rest: that is no error, unless the text is `needed`.
 */
async function write({ stdout }: Pick<World, 'stdout'>, output: string, needed = false): Promise<Error | undefined> {
  if (output === '') return undefined;
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    // The error is also an event, which ends the program if nobody listens.
    stdout.on('error', resolve);
    stdout.write(output, (failed) => resolve(failed ?? undefined));
  });
  const isClosed = error?.code === 'EPIPE' || error?.code === 'ERR_STREAM_DESTROYED';
  return isClosed && !needed ? undefined : error;
}

/** Whether a result, such as the name of an image, has no rest that a reader may not want. */
function isOneLine(output: string): boolean {
  return output.indexOf('\n') === output.length - 1;
}

interface LostOutput {
  readonly program: Program;
  readonly presentation: Presentation;
  readonly ending: WorkEnding;
  readonly lost: Error;
}

/** Tells on standard error a result that could not be written, because the work is done and the result would be lost. */
async function reportLostOutput(
  world: Pick<World, 'env' | 'stdout' | 'stderr'>,
  { program, presentation, ending, lost }: LostOutput,
): Promise<number> {
  const report = await openReport(world, program, { ...presentation, progress: 'plain' });
  const result = ending.output.trimEnd();
  const failure = new Failure('output-failed', `failed to write to standard output: ${lost.message}`, {
    hint: result === '' ? undefined : `the result is: ${result}`,
  });
  try {
    await report({ type: 'failed', failures: [failure] });
  } finally {
    await report.close();
  }
  return ending.status === 0 ? failure.exitStatus : ending.status;
}

async function end(
  work: (report: Report) => Promise<WorkResult>,
  report: OpenReport,
  { json }: Presentation,
): Promise<WorkEnding> {
  try {
    const result = await work(report);
    if (typeof result === 'string') return { status: 0, output: result };
    if ('status' in result) return result;
    await report({ type: 'failed', failures: result.failures });
    return { status: result.failures[0].exitStatus, output: result.output };
  } catch (error) {
    const failures = failuresOf(error);
    const [first] = failures;
    if (first === undefined) {
      await report({ type: 'defect', error });
      const defect = { code: 'defect', exitStatus: defectStatus, message: String(error) };
      return { status: defectStatus, output: json ? describeAsJson([defect]) : '' };
    }
    await report({ type: 'failed', failures });
    return {
      status: first.exitStatus,
      output: json
        ? describeAsJson(
            failures.map(describeFailure),
            failures.flatMap(({ elog }) => elog),
          )
        : '',
    };
  }
}

function describeFailure({ code, exitStatus, message, hint, place }: Failure): object {
  return { code, exitStatus, message, hint, ...place };
}

/** Describes failures, and the messages of packages if there are any. docs/json.md describes the object. */
function describeAsJson(failures: readonly object[], elog: readonly object[] = []): string {
  return `${JSON.stringify({ failures, ...(elog.length > 0 ? { elog } : {}) })}\n`;
}
