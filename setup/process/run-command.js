import { spawn } from 'node:child_process';
import { interruption, statusOfSignal } from './interruption.js';

/**
 * @typedef {object} Outcome
 * @property {number} status the exit status; 127 if the command could not be started, 128+n after signal n
 * @property {string} stdout empty if the output goes to a file
 * @property {string} stderr
 */

/**
 * @typedef {object} CommandOptions
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 * @property {number} [outputTo] an open file descriptor for both output streams
 * @property {number} [silenceLimit] milliseconds to wait for the first output before the command is ended
 */

/**
 * Runs a command to its end and never throws. An interruption ends the command's whole process group.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<Outcome>}
 */
export function runCommand(command, args, { env = process.env, cwd, outputTo, silenceLimit } = {}) {
  return new Promise((resolve) => {
    const output = outputTo ?? 'pipe';
    const child = spawn(command, args, { env, cwd, stdio: ['ignore', output, output], detached: true });
    const seen = { stdout: '', stderr: '' };
    const end = () => signalGroup(child.pid, 'SIGTERM');
    const silence = silenceLimit === undefined ? undefined : setTimeout(end, silenceLimit);
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      child[name]?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        seen[name] += text;
        clearTimeout(silence);
      });
    }
    const settle = (/** @type {number} */ status) => {
      clearTimeout(silence);
      interruption.removeEventListener('abort', end);
      resolve({ status, ...seen });
    };
    interruption.addEventListener('abort', end);
    if (interruption.aborted) end();
    child.on('error', (error) => {
      seen.stderr += `${command}: ${error.message}\n`;
      settle(127);
    });
    child.on('close', (code, signal) => settle(signal === null ? (code ?? 1) : statusOfSignal(signal)));
  });
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has already ended.
  }
}
