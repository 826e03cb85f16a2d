import packageJson from '../package.json' with { type: 'json' };
import type { BuildRequest } from './build/build-request.ts';
import type { BuildResult } from './build/build-image.ts';
import { parseBuildCommand, type Presentation } from './cli/build-arguments.ts';
import { help } from './cli/help.ts';
import { splitCpv } from './portage/cpv.ts';
import { print, refuse, runProgram, watchSignals } from './program.ts';
import type { Report } from './report/event.ts';

const program = { name: 'gentoo-builder', version: packageJson.version };

// The bundle is CommonJS, which has no await here.
void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});

async function main(argv: readonly string[]): Promise<number> {
  const command = parseBuildCommand(argv, process.env);
  switch (command.type) {
    case 'help':
      return print(help);
    case 'version':
      return print(`${program.name} ${program.version}\n`);
    case 'usage':
      return refuse(program, command.presentation, command.failures);
    case 'build':
      return runProgram(program, command.presentation, (report) =>
        build(command.request, command.presentation, report),
      );
  }
}

async function build(request: BuildRequest, { json }: Presentation, report: Report): Promise<string> {
  const settings = {
    environment: process.env,
    report,
    signal: watchSignals('the build container is removed, nothing was committed'),
  };
  const { runBuild, runDryRun } = await import('./build/run-build.ts');
  return request.dryRun
    ? describePlan(await runDryRun(request, settings), json)
    : describeResult(await runBuild(request, settings), json);
}

function describePlan(plan: readonly string[], json: boolean): string {
  return json ? `${JSON.stringify({ dryRun: true, plan })}\n` : `${plan.join('\n')}\n`;
}

function describeResult({ image, unchanged, packages, durations, log }: BuildResult, json: boolean): string {
  if (!json) return `${image.name}\n`;
  const { name, id, tags } = image;
  return `${JSON.stringify({ image: name, id, tags, unchanged, packages: packages.map(splitCpv), durations, log })}\n`;
}
