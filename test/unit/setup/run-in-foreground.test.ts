import { fileURLToPath } from 'node:url';
import { it } from 'vitest';
import { PseudoTerminal } from '../../support/pseudo-terminal.ts';

const module = fileURLToPath(import.meta.resolve('../../../setup/process/run-in-foreground.js'));

/** Ends with 3 at the end of its standard input. */
const command = `process.stdin.once('end', () => process.exit(3)).resume();`;

const program = `const { runInForeground } = await import(process.env.MODULE);
  process.exitCode = await runInForeground(process.execPath, ['--eval', process.env.COMMAND], process.env);`;

it('gives a command in the foreground no input, and hands its status on', async () => {
  const environment = { NODE: process.execPath, PROGRAM: program, MODULE: module, COMMAND: command };
  const typed = '"$NODE" --input-type=module --eval "$PROGRAM"; echo "status=$?"';
  await using terminal = await PseudoTerminal.open(typed, environment);
  await terminal.see(/status=3/);
});
