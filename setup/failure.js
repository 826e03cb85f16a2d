/** Exit status of a machine that cannot do what set-up needs (the band of preconditions). */
export const UNUSABLE = 10;

/** A set-up step that could not be done: which step, why, and what to do about it. */
export class Failure extends Error {
  /**
   * @param {string} step what was tried, as in "failed to STEP"
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
 * Prints an error on standard error and says which exit status it stands for. Anything that is not a Failure is a
 * defect of set-up itself: it is shown with its stack trace and gets status 1.
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
