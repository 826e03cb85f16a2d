import packageJson from '../package.json' with { type: 'json' };
import type { BuildRequest } from './build/build-request.ts';
import type { BuildResult } from './build/build-image.ts';
import { parseBuildCommand, type Presentation } from './cli/build-arguments.ts';
import { help } from './cli/help.ts';
import { exitStatuses, Failure, failuresOf } from './failure.ts';
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
      process.stdout.write(help);
      return 0;
    case 'version':
      process.stdout.write(`${program.name} ${program.version}\n`);
      return 0;
    case 'usage':
      return withReport({ ...command.presentation, progress: 'plain' }, (report) =>
        fail(report, command.presentation, command.failures),
      );
    case 'build':
      return withReport(command.presentation, (report) => build(command.request, command.presentation, report));
  }
}

async function build(request: BuildRequest, presentation: Presentation, report: OpenReport): Promise<number> {
  const settings = { environment: process.env, report, signal: watchSignals(), version: program.version };
  try {
    const { runBuild, runDryRun } = await import('./build/run-build.ts');
    if (request.dryRun) printPlan(await runDryRun(request, settings), presentation);
    else printResult(await runBuild(request, settings), presentation);
    return 0;
  } catch (error) {
    const failures = failuresOf(error);
    if (failures.length > 0) return await fail(report, presentation, failures);
    if (presentation.json) printObject({ failures: [{ code: 'defect', exitStatus: defectStatus, message: String(error) }] });
    await report({ type: 'defect', error });
    return defectStatus;
  }
}

async function fail(report: OpenReport, { json }: Presentation, failures: readonly Failure[]): Promise<number> {
  const described = failures.map(({ code, exitStatus, message, hint }) => ({ code, exitStatus, message, hint }));
  if (json) printObject({ failures: described });
  await report({ type: 'failed', failures });
  return failures[0]?.exitStatus ?? defectStatus;
}

async function withReport(presentation: Presentation, work: (report: OpenReport) => Promise<number>): Promise<number> {
  const { logFormat, progress } = presentation;
  const report = await chooseReport({ logFormat, progress, stderr: process.stderr, environment: process.env, program });
  try {
    return await work(report);
  } finally {
    await report.close();
  }
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
      controller.abort(new Failure(code, `${code} by ${signal}: the build container is removed, nothing was committed`));
    });
  }
  return controller.signal;
}

function printPlan(plan: readonly string[], { json }: Presentation): void {
  if (json) printObject({ dryRun: true, plan });
  else process.stdout.write(`${plan.join('\n')}\n`);
}

function printResult({ image, packages, durations, log }: BuildResult, { json }: Presentation): void {
  const object = { image: image.name, id: image.id, tags: image.tags, packages: packages.map(describePackage), durations, log };
  if (json) printObject(object);
  else process.stdout.write(`${image.name}\n`);
}

/** What `--json` prints: one object on one line, and nothing else. */
function printObject(object: object): void {
  process.stdout.write(`${JSON.stringify(object)}\n`);
}

function describePackage(cpv: string): { name: string; version: string } {
  const [, name = cpv, version = ''] = /^(.*?)-(\d[^-]*(?:-r\d+)?)$/.exec(cpv) ?? [];
  return { name, version };
}
