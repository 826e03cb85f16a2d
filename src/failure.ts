/**
 * Every way a run can end, with its exit status: the one table of statuses.
 *
 * The bands: 2 usage, 3 a site, 10-19 preconditions, 20-29 a site's plan, 30-39 emerge, 40-49 the store, 50-59 hooks,
 * assembly, commit, tag and archive, 130 and 143 after a signal. Status 1
 * is a defect of ours and has no code: whatever is not a {@link Failure} ends with it.
 */
export const exitStatuses = {
  usage: 2,
  'invalid-package': 2,
  'site-invalid': 3,
  'engine-unreachable': 10,
  'engine-denied': 11,
  'engine-too-old': 12,
  'tree-unusable': 13,
  'base-unusable': 14,
  'disk-space': 15,
  'engine-lost': 16,
  'container-lost': 17,
  'mount-unusable': 18,
  'engine-refused': 19,
  'site-taken': 20,
  'cpu-unusable': 21,
  'plan-refused': 22,
  'sync-failed': 30,
  'build-failed': 31,
  'package-unknown': 32,
  'package-unsatisfiable': 33,
  'fetch-failed': 34,
  'timed-out': 35,
  'out-of-memory': 36,
  'disk-full': 37,
  'tmpfs-full': 37,
  'emerge-failed': 39,
  'store-corrupt': 41,
  'package-missing': 43,
  'commit-failed': 50,
  'tag-failed': 51,
  'hook-failed': 52,
  'assemble-failed': 53,
  'archive-failed': 54,
  interrupted: 130,
  terminated: 143,
} as const;

/** What went wrong, as a word that programs can rely on (it is in the output of `--json`). */
export type FailureCode = keyof typeof exitStatuses;

/** A position in a file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a {@link Failure} carries besides its message. */
export interface FailureDetails {
  /** What the user can do about it, one imperative sentence or several lines. */
  readonly hint?: string | undefined;
  /** The original error, whatever it was. */
  readonly cause?: unknown;
  /** Where in a file it is that something is wrong. */
  readonly place?: Place | undefined;
  /** The end of a log that shows the cause, as lines without their line ends. */
  readonly logTail?: readonly string[] | undefined;
}

/**
 * Something that the user, the machine or a package did, as opposed to a defect of this program. The message reads
 * `failed to <step> <object>: <cause>`, or `file:line:column: <cause>` where it has a place; the hint says what to do. Only
 * a program reports it, once.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly hint: string | undefined;
  readonly place: Place | undefined;
  readonly logTail: readonly string[];

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.place = details.place;
    this.logTail = details.logTail ?? [];
  }

  /** The status that the process ends with when this failure ends it. */
  get exitStatus(): number {
    return exitStatuses[this.code];
  }
}

/** Several failures that were found together, in the order in which they are to be shown; never empty. */
export class Failures extends Error {
  override readonly name = 'Failures';
  readonly all: readonly [Failure, ...Failure[]];

  constructor(all: readonly [Failure, ...Failure[]]) {
    super(all.map((failure) => failure.message).join('\n'));
    this.all = all;
  }
}

/** What a program prints of work that succeeded in parts, and what failed of it; never empty. */
export interface PartialSuccess {
  readonly output: string;
  readonly failures: readonly [Failure, ...Failure[]];
}

/** What a program prints of work that has an exit status of its own, such as that of a shell, and ends with. */
export interface WorkEnding {
  readonly output: string;
  readonly status: number;
}

/** The failures that an error stands for, the first one deciding the exit status; none if it is a defect. */
export function failuresOf(error: unknown): readonly Failure[] {
  if (error instanceof Failures) return error.all;
  return error instanceof Failure ? [error] : [];
}
