import packageJson from '../package.json' with { type: 'json' };
import { parseZentooCommand } from './cli/zentoo/parse-zentoo-command.ts';
import { print, refuse, runProgram, watchSignals, type World } from './program.ts';

const program = { name: 'zentoo', version: packageJson.version };

/** Runs `zentoo` with these arguments. Resolves to the exit status. */
export async function runZentoo(argv: readonly string[], world: World): Promise<number> {
  const invocation = parseZentooCommand(argv, world.env);
  switch (invocation.type) {
    case 'help':
      return print(world, program, invocation.text);
    case 'version':
      return print(world, program, `${program.name} ${program.version}\n`);
    case 'usage':
      return refuse(world, program, invocation.presentation, invocation.failures);
    case 'work':
      return runProgram(world, program, invocation.presentation, (report) => {
        const signal = watchSignals(
          world,
          'its containers are removed; compiled packages stay in the store, and finished outputs are kept',
        );
        const openTerminal = async () => (await import('./terminal/terminal.ts')).openTerminal(world, world.env);
        return invocation.work({ program, report, environment: world.env, signal, openTerminal });
      });
  }
}
