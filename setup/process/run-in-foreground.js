import { spawn } from 'node:child_process';
import { ENDINGS, statusOfSignal } from './interruption.js';

/** A terminal sends SIGINT to every process of a job, and npm passes it on, too: signals within this time count as one. */
const SAME_SIGNAL = 300;

/**
 * Runs a command without standard input; its output is this program's output. Passes signals on to it, each once.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit status
 */
export function runInForeground(command, args, env) {
  return new Promise((resolve, reject) => {
    // The command gets its own session: otherwise it would get the terminal's Ctrl-C in addition to the signal from here.
    const child = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    let last = -Infinity;
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      const now = performance.now();
      if (now - last < SAME_SIGNAL) return;
      last = now;
      // Process 1 of a container ignores SIGHUP by default, but a closed terminal has to end it.
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    };
    for (const signal of ENDINGS) process.on(signal, forward);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const name of ENDINGS) process.off(name, forward);
      resolve(signal === null ? (code ?? 1) : statusOfSignal(signal));
    });
  });
}
