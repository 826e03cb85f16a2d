import type { FailureCode } from '../../failure.ts';
import type { FailedPackage } from '../output/emerge-report.ts';
import type { Remedy } from './remedy.ts';

/** The cause of a failure of emerge, and a remedy. */
export interface EmergeFailure {
  readonly code: FailureCode;
  /** `failed to emerge <package>: <cause>` */
  readonly message: string;
  /** The atom or package in the message; empty if emerge named none. */
  readonly object?: string;
  readonly remedy: Remedy | undefined;
  /** The lines of emerge's output that show the cause, in their order; empty if no line does. */
  readonly relevantLines: readonly string[];
  /** `category/name-version` of the package that failed; undefined if emerge failed before it built one. */
  readonly package: string | undefined;
  /** The package that failed, if it is the cause; undefined if the machine is the cause, or may be. */
  readonly causedBy: string | undefined;
  /** The phase in which the package failed: `compile`, `install`, ... */
  readonly phase: string | undefined;
  /** The path of the package's build log in the container. */
  readonly buildLog: string | undefined;
}

/** A kind of failure that an explainer recognised. */
export interface Explanation {
  readonly code: FailureCode;
  /** The object that emerge could not install; undefined if it is the package that failed. */
  readonly object?: string;
  readonly cause: string;
  /** Whether the cause is a guess. */
  readonly isGuess?: boolean;
  readonly remedy?: Remedy | undefined;
  /** The package that failed, if it is not `failed` of the report. */
  readonly failed?: FailedPackage;
  readonly relevantLines: readonly string[];
}
