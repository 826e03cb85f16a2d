import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PseudoTerminal } from '../../support/pseudo-terminal.ts';

const module = fileURLToPath(import.meta.resolve('../../../setup/run-in-foreground.js'));

/** Says what becomes of it: its size at each change, and what is typed. */
const command = `const { stdin, stdout } = process;
  stdout.on('resize', () => console.log('size ' + stdout.columns + ' ' + stdout.rows));
  stdin.once('end', () => process.exit(3));
  stdin.once('data', (line) => (console.log('got', String(line).trim()), process.exit(7)));
  if (stdin.isTTY) console.log('ready');`;

const program = `const { runInForeground } = await import(process.env.MODULE);
  const { COMMAND, STDIN: stdin } = process.env;
  process.exitCode = await runInForeground(process.execPath, ['--eval', COMMAND], process.env, stdin ? { stdin } : {});`;

function open(stdin: string): Promise<PseudoTerminal> {
  const environment = { NODE: process.execPath, PROGRAM: program, MODULE: module, COMMAND: command, STDIN: stdin };
  return PseudoTerminal.open('"$NODE" --input-type=module --eval "$PROGRAM"; echo "status=$?"', environment);
}

describe('a command in the foreground', () => {
  it('reads from the terminal, and learns its sizes, where it is to', async () => {
    await using terminal = await open('inherit');
    await terminal.see(/ready/);
    await terminal.resize(77, 22);
    await terminal.see(/size 77 22/);
    terminal.type('a line\n');
    await terminal.see(/got a line/);
    await terminal.see(/status=7/);
  });

  it('has no input otherwise', async () => {
    await using terminal = await open('');
    await terminal.see(/status=3/);
    expect(terminal.shown).not.toContain('ready');
  });
});
