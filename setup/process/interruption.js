import { constants } from 'node:os';
import { Failure } from '../failure.js';

const controller = new AbortController();

/** Aborted by the first SIGINT, SIGTERM or SIGHUP while set-up works; its reason is the signal's name. */
export const interruption = controller.signal;

/** @typedef {'SIGINT' | 'SIGTERM' | 'SIGHUP'} Ending */

/** @type {readonly Ending[]} */
export const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Does work of set-up with handlers for these signals. A signal ends the commands of the work, and their clean-up still runs.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function interruptible(work) {
  const interrupt = (/** @type {NodeJS.Signals} */ signal) => controller.abort(signal);
  for (const signal of ENDINGS) process.on(signal, interrupt);
  try {
    return await work();
  } finally {
    for (const signal of ENDINGS) process.off(signal, interrupt);
    // An interrupted command throws another error; the signal is the cause to report.
    throwIfInterrupted('set up');
  }
}

/**
 * The exit status that shells use for an end by a signal.
 * @param {NodeJS.Signals} signal
 */
export function statusOfSignal(signal) {
  return 128 + constants.signals[signal];
}

/**
 * @param {string} step
 * @throws {Failure} if a signal has arrived
 */
export function throwIfInterrupted(step) {
  if (!interruption.aborted) return;
  const signal = /** @type {Ending} */ (interruption.reason);
  throw new Failure(step, `interrupted by ${signal}`, { status: statusOfSignal(signal) });
}
