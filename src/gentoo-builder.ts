import packageJson from '../package.json' with { type: 'json' };
import type { BuildRequest } from './build/build-request.ts';
import type { BuildResult } from './build/build-image.ts';
import { parseBuildCommand, type Presentation } from './cli/build-arguments.ts';
import { help } from './cli/help.ts';
import { exitStatuses, Failure, failuresOf } from './failure.ts';
import { splitCpv } from './portage/cpv.ts';
import { chooseReport } from './report/choose-report.ts';
import type { OpenReport } from './report/event.ts';

const program = { name: 'gentoo-builder', version: packageJson.version };

/** The status of a defect: everything that is not a `Failure`. */
const defectStatus = 1;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const command = parseBuildCommand(argv, process.env);
  switch (command.type) {
    case 'help':
      return end({ status: 0, output: help });
    case 'version':
      return end({ status: 0, output: `${program.name} ${program.version}\n` });
    case 'usage':
      return withReport({ ...command.presentation, progress: 'plain' }, (report) =>
        fail(report, command.failures, command.presentation),
      );
    case 'build':
      return withReport(command.presentation, (report) => build(command.request, command.presentation, report));
  }
}

/** How the process is to end: its status, and what it prints on standard output. */
interface Ending {
  readonly status: number;
  readonly output: string;
}

async function build(request: BuildRequest, presentation: Presentation, report: OpenReport): Promise<Ending> {
  const { json } = presentation;
  try {
    const settings = { environment: process.env, report, signal: watchSignals() };
    const { runBuild, runDryRun } = await import('./build/run-build.ts');
    const output = request.dryRun
      ? describePlan(await runDryRun(request, settings), json)
      : describeResult(await runBuild(request, settings), json);
    return { status: 0, output };
  } catch (error) {
    const failures = failuresOf(error);
    if (failures.length > 0) return fail(report, failures, presentation);
    await report({ type: 'defect', error });
    const defect = { code: 'defect', exitStatus: defectStatus, message: String(error) };
    return { status: defectStatus, output: json ? describeFailuresAsJson([defect]) : '' };
  }
}

async function fail(report: OpenReport, failures: readonly Failure[], { json }: Presentation): Promise<Ending> {
  await report({ type: 'failed', failures });
  const described = failures.map(({ code, exitStatus, message, hint }) => ({ code, exitStatus, message, hint }));
  return { status: failures[0]?.exitStatus ?? defectStatus, output: json ? describeFailuresAsJson(described) : '' };
}

/** Closes the report before anything is printed: a live view is erased by then, and the result stays the last line. */
async function withReport(presentation: Presentation, work: (report: OpenReport) => Promise<Ending>): Promise<number> {
  const { logFormat, progress } = presentation;
  const report = await chooseReport({ logFormat, progress, stderr: process.stderr, environment: process.env, program });
  let ending: Ending;
  try {
    ending = await work(report);
  } finally {
    await report.close();
  }
  return end(ending);
}

function end({ status, output }: Ending): number {
  process.stdout.on('error', ignoreClosedPipe);
  process.stdout.write(output);
  return status;
}

/** Who closed the pipe does not want to read on. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/**
 * Aborts with the first signal, so that everything is put in order; the second one ends the process at once, and what is
 * left is removed by the next run.
 */
function watchSignals(): AbortSignal {
  const controller = new AbortController();
  const codes = { SIGINT: 'interrupted', SIGTERM: 'terminated', SIGHUP: 'terminated' } as const;
  for (const [signal, code] of Object.entries(codes)) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitStatuses[code]);
      controller.abort(
        new Failure(code, `${code} by ${signal}: the build container is removed, nothing was committed`),
      );
    });
  }
  return controller.signal;
}

function describePlan(plan: readonly string[], json: boolean): string {
  return json ? `${JSON.stringify({ dryRun: true, plan })}\n` : `${plan.join('\n')}\n`;
}

function describeResult({ image, packages, durations, log }: BuildResult, json: boolean): string {
  if (!json) return `${image.name}\n`;
  const { name, id, tags } = image;
  return `${JSON.stringify({ image: name, id, tags, packages: packages.map(splitCpv), durations, log })}\n`;
}

function describeFailuresAsJson(failures: readonly object[]): string {
  return `${JSON.stringify({ failures })}\n`;
}
