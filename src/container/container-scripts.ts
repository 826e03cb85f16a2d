import { shellProgram } from '../container-program.ts';

/**
 * Keeps the container running: this is the command of the child of process 1, and it ends when its standard input ends. It
 * sends its input back, so that a watched connection has traffic in both directions. It ignores the signals that end a build
 * (`kill -TERM -1`).
 */
export function holdCommand(): readonly string[] {
  return shellProgram(new URL('./hold.sh', import.meta.url), 'gentoo-builder-hold');
}

/** Ends every process in the container except process 1, its child and this one (SIGTERM). */
export function terminateCommand(): readonly string[] {
  return shellProgram(new URL('./terminate.sh', import.meta.url), 'gentoo-builder-terminate');
}
