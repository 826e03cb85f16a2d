import { spawn } from 'node:child_process';
import { ENDINGS, statusOfSignal } from './interruption.js';

/** A terminal sends SIGINT to every process of a job, and npm hands it on besides: within this time they are one. */
const SAME_SIGNAL = 300;

/**
 * Runs a command whose output is this program's, and hands signals on to it, each once.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {{ stdin?: 'ignore' | 'inherit' }} [options] with `inherit` it has this program's standard input, and is told of
 *   each new size of the terminal
 * @returns {Promise<number>} its exit status
 */
export function runInForeground(command, args, env, { stdin = 'ignore' } = {}) {
  return new Promise((resolve, reject) => {
    // A session of its own, so that Ctrl-C does not reach it a second time past this program.
    const child = spawn(command, args, { env, stdio: [stdin, 'inherit', 'inherit'], detached: true });
    let last = -Infinity;
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      const now = performance.now();
      if (now - last < SAME_SIGNAL) return;
      last = now;
      // A closed terminal is an order to end: process 1 of a container does not die of SIGHUP by itself.
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    };
    // The terminal tells its own session alone.
    const resize = () => void child.kill('SIGWINCH');
    for (const signal of ENDINGS) process.on(signal, forward);
    if (stdin === 'inherit') process.on('SIGWINCH', resize);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const name of ENDINGS) process.off(name, forward);
      process.off('SIGWINCH', resize);
      resolve(signal === null ? (code ?? 1) : statusOfSignal(signal));
    });
  });
}
