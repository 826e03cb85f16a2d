/**
 * The one table of exit statuses: each way in which a run can fail.
 *
 * Bands: 2 usage; 3 a site's configuration; 10-19 preconditions; 20-29 a site's plan; 30-39 emerge; 40-49 the store; 50-59
 * hooks, assembly, commit, tag, archive and standard output; 60-69 further engines and Docker Swarm; 130 and 143 after a signal. Status 1 is a defect of the program and has no code:
 * every error that is not a {@link Failure} ends with it.
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
  'commit-behind': 23,
  'format-unknown': 24,
  'sync-failed': 30,
  'build-failed': 31,
  'tree-changed': 31,
  'package-unknown': 32,
  'package-unsatisfiable': 33,
  'fetch-failed': 34,
  'timed-out': 35,
  'out-of-memory': 36,
  'disk-full': 37,
  'tmpfs-full': 37,
  'emerge-failed': 39,
  'store-corrupt': 41,
  'package-refused': 42,
  'package-missing': 43,
  'commit-failed': 50,
  'tag-failed': 51,
  'hook-failed': 52,
  'assemble-failed': 53,
  'archive-failed': 54,
  'output-failed': 59,
  'node-unfit': 60,
  'swarm-absent': 60,
  'builder-absent': 60,
  'node-lost': 61,
  'manager-absent': 62,
  'swarm-locked': 63,
  'builders-away': 64,
  'swarm-refused': 65,
  'proxy-unreachable': 66,
  'store-elsewhere': 67,
  interrupted: 130,
  terminated: 143,
} as const;

/** The kind of a failure; a stable word that programs can rely on, for example in the output of `--json`. */
export type FailureCode = keyof typeof exitStatuses;

/** A position in a file; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The messages (elog) of a package that was merged or failed; `portage/output/elog.ts` reads them. */
interface PackageMessages {
  readonly cpv: string;
  readonly time: Date;
  readonly messages: readonly {
    readonly level: 'log' | 'warn' | 'error' | 'info' | 'qa';
    readonly phase: string;
    readonly lines: readonly string[];
  }[];
}

/** Details of a {@link Failure}. */
export interface FailureDetails {
  /** The advice for the user: one imperative sentence, or several lines. */
  readonly hint?: string | undefined;
  /** The original error. */
  readonly cause?: unknown;
  /** The position of the fault in a file. */
  readonly place?: Place | undefined;
  /** The last lines of the log, without line ends. */
  readonly logTail?: readonly string[] | undefined;
  /** The package that is the cause, `category/name-version`; undefined if something else is the cause, or may be. */
  readonly causedBy?: string | undefined;
  /** The messages of the packages on which Portage worked before it failed. */
  readonly elog?: readonly PackageMessages[] | undefined;
}

/**
 * An error that the user, the machine or a package caused, as opposed to a defect of the program. The message reads `failed to
 * <step> <object>: <cause>`, or `file:line:column: <cause>` if the failure has a place. The hint advises the user. Only the
 * program reports a failure, and only once.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly hint: string | undefined;
  readonly place: Place | undefined;
  readonly logTail: readonly string[];
  readonly causedBy: string | undefined;
  readonly elog: readonly PackageMessages[];

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.place = details.place;
    this.logTail = details.logTail ?? [];
    this.causedBy = details.causedBy;
    this.elog = details.elog ?? [];
  }

  /** The same failure with another message or other details. */
  with({ message = this.message, ...details }: FailureDetails & { readonly message?: string }): Failure {
    const { code, hint, place, logTail, causedBy, elog, cause } = this;
    return new Failure(code, message, { hint, place, logTail, causedBy, elog, cause, ...details });
  }

  /** The exit status of a process that ends with this failure. */
  get exitStatus(): number {
    return exitStatuses[this.code];
  }
}

/** Several failures that were found together, in the order in which they are shown; never empty. */
export class Failures extends Error {
  override readonly name = 'Failures';
  readonly all: readonly [Failure, ...Failure[]];

  constructor(all: readonly [Failure, ...Failure[]]) {
    super(all.map((failure) => failure.message).join('\n'));
    this.all = all;
  }
}

/** The result of work that succeeded in part: the output to print, and at least one failure. */
export interface PartialSuccess {
  readonly output: string;
  readonly failures: readonly [Failure, ...Failure[]];
}

/** The result of work that has an exit status, such as a shell: the output to print, and the status. */
export interface WorkEnding {
  readonly output: string;
  readonly status: number;
}

/**
 * Returns the failures that an error stands for; the first one decides the exit status. Returns an empty list if the error is a
 * defect.
 */
export function failuresOf(error: unknown): readonly Failure[] {
  if (error instanceof Failures) return error.all;
  return error instanceof Failure ? [error] : [];
}
