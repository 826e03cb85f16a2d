/** The exit status if the machine lacks something that set-up needs (the band of preconditions). */
export const UNUSABLE = 10;

/** A failed step of set-up: which step, why, and what to do. */
export class Failure extends Error {
  /**
   * @param {string} step completes "failed to ..."
   * @param {string} why
   * @param {{ hint?: string | undefined, status?: number }} [more]
   */
  constructor(step, why, { hint, status = UNUSABLE } = {}) {
    super(`failed to ${step}: ${why}`);
    this.name = 'Failure';
    this.hint = hint;
    this.status = status;
  }
}

/**
 * Prints an error on standard error and returns its exit status. An error that is no Failure is a defect of set-up: it is
 * printed with its stack trace and has status 1.
 * @param {unknown} error
 * @returns {number}
 */
export function reportFailure(error) {
  if (!(error instanceof Failure)) {
    const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${shown}\nThis is a defect in gentoo-builder's set-up: please report it.\n`);
    return 1;
  }
  process.stderr.write(`${error.message}\n`);
  if (error.hint !== undefined) process.stderr.write(`hint: ${error.hint}\n`);
  return error.status;
}
