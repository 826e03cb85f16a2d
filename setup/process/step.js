import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.js';
import { throwIfInterrupted } from './interruption.js';
import { CACHE } from '../places.js';
import { runCommand } from './run-command.js';

const SHOWN_LINES = 25;

/**
 * @callback LoggedCommand
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<void>}
 */

/**
 * Does one step of set-up. Prints its title and, at the end, its seconds in one line on standard error. The output of its
 * commands goes to a log file; if a command fails, the end of the log is shown.
 * @template T
 * @param {string} title completes "failed to ..."
 * @param {string} logName
 * @param {(run: LoggedCommand) => Promise<T>} work
 * @param {string} [hint] the hint if a command fails
 * @returns {Promise<T>}
 */
export async function doStep(title, logName, work, hint) {
  mkdirSync(CACHE, { recursive: true });
  const path = join(CACHE, `${logName}.log`);
  const log = openSync(path, 'w');
  const begin = performance.now();
  process.stderr.write(`${title} ...`);
  try {
    const done = await work((command, args, options) => runLogged(title, { log, path, hint }, command, args, options));
    process.stderr.write(` ${((performance.now() - begin) / 1000).toFixed(1)} s\n`);
    return done;
  } catch (error) {
    process.stderr.write(' failed\n');
    throw error;
  } finally {
    closeSync(log);
  }
}

/**
 * @param {string} title
 * @param {{ log: number, path: string, hint: string | undefined }} to
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 */
async function runLogged(title, { log, path, hint }, command, args, options = {}) {
  writeSync(log, `$ ${[command, ...args].join(' ')}\n`);
  const { status, stderr } = await runCommand(command, args, { ...options, outputTo: log });
  throwIfInterrupted(title);
  if (status === 0) return;
  writeSync(log, stderr);
  const end = lastLines(readFileSync(path, 'utf8'));
  throw new Failure(title, `${command} ended with status ${status}\n${end}\n(the whole log: ${path})`, { hint });
}

/**
 * @param {string} text
 * @returns {string} its last lines, indented
 */
export function lastLines(text) {
  const lines = text.trimEnd().split('\n').slice(-SHOWN_LINES);
  return lines.map((line) => `  | ${line}`).join('\n');
}
