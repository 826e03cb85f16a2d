import { exitStatuses, Failure, Failures, failuresOf, type PartialSuccess, type WorkEnding } from './failure.ts';
import { chooseReport } from './report/choose-report.ts';
import type { OpenReport, Report } from './report/event.ts';
import type { Presentation } from './cli/build-arguments.ts';

/** A program as its users know it. */
export interface Program {
  readonly name: string;
  readonly version: string;
}

/** The status of a defect: everything that is not a `Failure`. */
const defectStatus = 1;

/** What work comes to, where it does not throw. */
type WorkResult = string | PartialSuccess | WorkEnding;

/**
 * Does the work of a program: reports what happens on standard error, and prints what the work resolves to on standard
 * output. Resolves to the exit status, 0 or that of the work's own, whatever the work throws; with `json` the failures are printed, too.
 */
export async function runProgram(
  program: Program,
  presentation: Presentation,
  work: (report: Report) => Promise<WorkResult>,
): Promise<number> {
  const { logFormat, progress } = presentation;
  const report = await chooseReport({ logFormat, progress, stderr: process.stderr, environment: process.env, program });
  let ending: WorkEnding;
  // The report is closed before anything is printed: a live view is erased by then, and the result stays the last line.
  try {
    ending = await end(work, report, presentation);
  } finally {
    await report.close();
  }
  return print(ending.output, ending.status);
}

/**
 * Aborts with the first signal, so that everything is put in order; the second one ends the process at once, and what is
 * left is removed by the next run. `consequence` says what that means.
 */
export function watchSignals(consequence: string): AbortSignal {
  const controller = new AbortController();
  const codes = { SIGINT: 'interrupted', SIGTERM: 'terminated', SIGHUP: 'terminated' } as const;
  for (const [signal, code] of Object.entries(codes)) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitStatuses[code]);
      controller.abort(new Failure(code, `${code} by ${signal}: ${consequence}`));
    });
  }
  return controller.signal;
}

/** Reports what is wrong with a command line. Resolves to the exit status. */
export function refuse(program: Program, presentation: Presentation, failures: readonly Failure[]): Promise<number> {
  return runProgram(program, { ...presentation, progress: 'plain' }, () => {
    const [first, ...others] = failures;
    return Promise.reject(first ? new Failures([first, ...others]) : new Error('no failure says what is wrong'));
  });
}

/** Prints on standard output; returns the exit status that is given. */
export function print(output: string, status = 0): number {
  process.stdout.on('error', ignoreClosedPipe);
  process.stdout.write(output);
  return status;
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
    return { status: first.exitStatus, output: json ? describeAsJson(failures.map(describeFailure)) : '' };
  }
}

function describeFailure({ code, exitStatus, message, hint, place }: Failure): object {
  return { code, exitStatus, message, hint, ...place };
}

function describeAsJson(failures: readonly object[]): string {
  return `${JSON.stringify({ failures })}\n`;
}

/** Who closed the pipe does not want to read on. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
