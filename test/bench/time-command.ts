import { openSync } from 'node:fs';
import { runCommand } from '../../setup/process/run-command.js';

/** The output of a command, and the seconds from its start to its end. */
export interface Timed {
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** Options for a command. */
interface TimedOptions {
  /** Its output goes to /dev/null. */
  readonly discard?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a command and measures its time. Throws if its status is not 0. */
export async function timeCommand(
  command: string,
  args: readonly string[],
  { discard = false, env = process.env }: TimedOptions = {},
): Promise<Timed> {
  const start = performance.now();
  const outcome = await runCommand(command, args, discard ? { env, outputTo: nowhere } : { env });
  const { status, stdout, stderr } = outcome;
  const seconds = (performance.now() - start) / 1000;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
  return { stdout, stderr, seconds };
}

const nowhere = openSync('/dev/null', 'w');
