import { openSync } from 'node:fs';
import { runCommand } from '../../setup/run-command.js';

/** What a command printed, and the seconds from its start to its end. */
export interface Timed {
  readonly stdout: string;
  readonly seconds: number;
}

/** Runs a command and takes its time; `discard` sends its output to /dev/null. Throws where its status is not 0. */
export async function timeCommand(command: string, args: readonly string[], { discard = false } = {}): Promise<Timed> {
  const start = performance.now();
  const { status, stdout, stderr } = await runCommand(command, args, discard ? { outputTo: nowhere } : {});
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
  return { stdout, seconds };
}

const nowhere = openSync('/dev/null', 'w');
