import { shellProgram } from '../container-program.ts';
import { stateDirectory } from '../container/work-directories.ts';

/**
 * Tells every process except process 1, its child and this one that its terminal is gone (SIGHUP), and continues stopped
 * processes (SIGCONT).
 */
export function hangUpCommand(): readonly string[] {
  return shellProgram(new URL('./hang-up.sh', import.meta.url), 'gentoo-builder-hang-up');
}

/**
 * Runs a command at a terminal and writes its exit status to the work volume. A terminal without a size gets `size`; without a
 * terminal, `size` is undefined. Signals of the terminal may end the command, but not the program that writes the status.
 */
export function shellCommand(
  name: string,
  size: { readonly columns: number; readonly rows: number } | undefined,
  command: readonly string[],
): readonly string[] {
  const file = new URL('./run-shell.sh', import.meta.url);
  const values = [statusFile(name), String(size?.columns ?? ''), String(size?.rows ?? '')];
  return shellProgram(file, 'gentoo-builder-shell', ...values, ...command);
}

/** Prints the exit status of a command that {@link shellCommand} ran; prints nothing if there is no status yet. */
export function shellStatusCommand(name: string): readonly string[] {
  return shellProgram(new URL('./shell-status.sh', import.meta.url), 'gentoo-builder-status', statusFile(name));
}

function statusFile(name: string): string {
  return `${stateDirectory}/${name}`;
}
