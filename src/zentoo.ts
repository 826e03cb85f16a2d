import packageJson from '../package.json' with { type: 'json' };
import type { Terminal } from './build/terminal.ts';
import { parseZentooCommand } from './cli/zentoo/parse-zentoo-command.ts';
import { print, refuse, runProgram, watchSignals } from './program.ts';

const program = { name: 'zentoo', version: packageJson.version };

// The bundle is CommonJS, which has no await here.
void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});

async function main(argv: readonly string[]): Promise<number> {
  const invocation = parseZentooCommand(argv, process.env);
  switch (invocation.type) {
    case 'help':
      return print(invocation.text);
    case 'version':
      return print(`${program.name} ${program.version}\n`);
    case 'usage':
      return refuse(program, invocation.presentation, invocation.failures);
    case 'work':
      return runProgram(program, invocation.presentation, (report) => {
        const signal = watchSignals(
          'its containers are removed; what was compiled is in the store, and what was made is kept',
        );
        return invocation.work({ report, environment: process.env, signal, openTerminal });
      });
  }
}

async function openTerminal(): Promise<Terminal> {
  const terminal = await import('./build/terminal.ts');
  return terminal.openTerminal(process, process.env);
}
