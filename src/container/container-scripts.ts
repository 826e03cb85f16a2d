import { shellProgram } from '../container-program.ts';

/** The seconds of silence after which a watched hold ends: several keep-alive bytes may be late. */
const silenceSeconds = 10;

/**
 * Keeps the container running: this is the command of the child of process 1, and it ends when its standard input ends. It
 * sends its input back, so that a watched connection has traffic in both directions. It ignores the signals that end a build
 * (`kill -TERM -1`). If `isWatched`, it also ends when its standard input is silent for 10 s: the connection to an engine on another
 * machine may end without a trace on that machine.
 */
export function holdCommand(isWatched = false): readonly string[] {
  const command = shellProgram(new URL('./hold.sh', import.meta.url), 'gentoo-builder-hold');
  // The shell that can read with a limit of time.
  return isWatched ? ['/bin/bash', ...command.slice(1), String(silenceSeconds)] : command;
}

/** Ends every process in the container except process 1, its child and this one (SIGTERM). */
export function terminateCommand(): readonly string[] {
  return shellProgram(new URL('./terminate.sh', import.meta.url), 'gentoo-builder-terminate');
}
