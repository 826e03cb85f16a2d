import packageJson from '../package.json' with { type: 'json' };
import type { BuildRequest } from './builder/build-request.ts';
import { describeBuildAsJson, describeDryRunAsJson } from './cli/build-json.ts';
import { parseBuildCommand, type Presentation } from './cli/build-arguments.ts';
import { help } from './cli/help.ts';
import { print, refuse, runProgram, watchSignals, type World } from './program.ts';
import type { Report } from './report/event.ts';

const program = { name: 'gentoo-builder', version: packageJson.version };

/** Runs `gentoo-builder` with these arguments. Resolves to the exit status. */
export async function runGentooBuilder(argv: readonly string[], world: World): Promise<number> {
  const command = parseBuildCommand(argv, world.env);
  switch (command.type) {
    case 'help':
      return print(world, program, help);
    case 'version':
      return print(world, program, `${program.name} ${program.version}\n`);
    case 'usage':
      return refuse(world, program, command.presentation, command.failures);
    case 'build':
      return runProgram(world, program, command.presentation, (report) =>
        build(world, command.request, command.presentation, report),
      );
  }
}

async function build(world: World, request: BuildRequest, { json }: Presentation, report: Report): Promise<string> {
  const settings = {
    environment: world.env,
    report,
    signal: watchSignals(world, 'the build container is removed, and nothing is committed'),
  };
  const { runBuild, runDryRun } = await import('./builder/run-build.ts');
  if (request.dryRun) {
    const plan = await runDryRun(request, settings);
    return json ? describeDryRunAsJson(plan) : `${plan.join('\n')}\n`;
  }
  const result = await runBuild(request, { ...settings, program });
  return json ? describeBuildAsJson(result) : `${result.image.name}\n`;
}
