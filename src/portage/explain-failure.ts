import type { FailureCode } from '../failure.ts';
import {
  adviceFor,
  firstMatch,
  readEmergeReport,
  type Advice,
  type Audience,
  type EmergeReport,
  type Explanation,
  type FailedCommand,
  type Tmpfs,
} from './emerge-report.ts';
import { explainFetchFailure } from './explain-fetch.ts';
import { explainDiskFull, explainOutOfMemory } from './explain-resources.ts';
import { explainUnknownPackage } from './explain-unknown-package.ts';
import { explainUnsatisfiable } from './explain-unsatisfiable.ts';

/** Why emerge failed, in words that a user can act on. */
export interface EmergeFailure {
  readonly code: FailureCode;
  /** `failed to emerge <package>: <cause>` */
  readonly message: string;
  readonly hint: string | undefined;
  /** Emerge's own lines that say it, in their order; empty if there are none in particular. */
  readonly relevantLines: readonly string[];
  /** `category/name-version` of the package that failed, if one did. */
  readonly package: string | undefined;
  /** The phase in which it failed: `compile`, `install`, ... */
  readonly phase: string | undefined;
  /** The path of its build log in the container. */
  readonly buildLog: string | undefined;
}

/** Whom a failure is explained to, and what packages were built on where that is in memory. */
export interface Circumstances {
  readonly audience?: Audience;
  readonly tmpfs?: Tmpfs | undefined;
}

/** What makes other things fail comes before them; and what a package printed may look like a message of emerge's. */
const explainers: readonly ((report: EmergeReport) => Explanation | undefined)[] = [
  explainDiskFull,
  explainOutOfMemory,
  explainSignal,
  explainFetchFailure,
  explainBuildFailure,
  explainUnknownPackage,
  explainUnsatisfiable,
  explainTraceback,
  explainEnd,
];

/**
 * Why an emerge that did not end with 0 failed, from the end of its output (some thousand lines; the build log of what
 * failed is a part of it, unless several packages failed), with a hint for whom it is told. It never throws, whatever the
 * lines are.
 */
export function explainEmergeFailure(
  command: FailedCommand,
  { audience = 'builder', tmpfs }: Circumstances = {},
): EmergeFailure {
  const report = readEmergeReport(command, tmpfs);
  const explanation = firstExplanation(report);
  const object = explanation.object ?? report.failed?.cpv ?? report.current ?? '';
  return {
    code: explanation.code,
    message: `failed to emerge${object === '' ? '' : ` ${object}`}: ${explanation.cause}`,
    hint: adviceFor(audience, explanation.hint),
    relevantLines: explanation.relevantLines,
    package: report.failed?.cpv,
    phase: report.failed?.phase,
    buildLog: report.failed?.buildLog,
  };
}

function firstExplanation(report: EmergeReport): Explanation {
  for (const explain of explainers) {
    const explanation = explain(report);
    if (explanation) return explanation;
  }
  return { code: 'emerge-failed', cause: `it ended with status ${report.exitStatus}`, relevantLines: [] };
}

function explainBuildFailure({ failed, lines }: EmergeReport): Explanation | undefined {
  if (!failed) return undefined;
  const collision = lines.find((line) => line.includes('NOT merged due to file collisions'));
  const died =
    failed.message === undefined || failed.message.startsWith('(no error message') ? '' : `: ${failed.message}`;
  const cause =
    collision === undefined
      ? `${failed.phase === undefined ? 'it failed' : `the ${failed.phase} phase failed`}${died}`
      : `its files collide with those of another package: ${collidingFiles(lines).join(', ')}`;
  return {
    code: 'build-failed',
    cause,
    hint: buildHints.get(failed.phase ?? ''),
    relevantLines: collision === undefined ? [] : [collision],
  };
}

function collidingFiles(lines: readonly string[]): readonly string[] {
  return [...new Set(lines.flatMap((line) => /^ \* \t(\/.+)$/.exec(line)?.[1] ?? []))].slice(0, 5);
}

const buildHints: ReadonlyMap<string, string> = new Map([
  ['depend', 'the ebuild itself is broken: a newer tree may have mended it'],
  ['pretend', 'the package refuses to be built like this: its message says what it asks for'],
  ['setup', 'the package refuses to be built like this: its message says what it asks for'],
]);

/** Emerge was interrupted or terminated, which makes what it was building fail. */
function explainSignal({ lines, exitStatus, signal }: EmergeReport): Explanation | undefined {
  const ended = signal ?? (exitStatus === 130 ? 'SIGINT' : exitStatus === 143 ? 'SIGTERM' : undefined);
  if (ended === undefined || lines.includes(tracebackBegin)) return undefined;
  return { code: 'emerge-failed', cause: `emerge was ended by ${ended}`, relevantLines: [] };
}

const tracebackBegin = 'Traceback (most recent call last):';

/** An error of Portage's own. It ends with 1, or with 143 though nothing was terminated. */
function explainTraceback({ lines }: EmergeReport): Explanation | undefined {
  const start = lines.lastIndexOf(tracebackBegin);
  if (start < 0) return undefined;
  const error = lines.slice(start + 1).find((line) => /^[A-Za-z_][\w.]*(?:: |$)/.test(line));
  return {
    code: 'emerge-failed',
    cause: `Portage ended with an error of its own${error === undefined ? '' : `: ${error}`}`,
    hint: 'something may have changed the tree during the build; if it happens again, it is a fault of Portage',
    relevantLines: lines.slice(start),
  };
}

const knownEnds: readonly (readonly [RegExp, Advice])[] = [
  [
    /^emerge: error: (?:unrecognized arguments|argument|ambiguous option)/,
    {
      builder: 'check what is given as --emerge-option',
      site: 'check EMERGE_DEFAULT_OPTS in make.conf of the portage branch; the Portage of the stage may be too old, besides',
    },
  ],
  [
    /^!!! Your current profile is invalid/,
    {
      builder:
        'the tree does not have the profile that the base is configured for: leave --no-sync out if it was given',
      site: 'the tree does not have the profile that make.profile of the portage branch links to: mend the link, or move the tree on: zentoo sync',
    },
  ],
];

/** Whatever else it is: a known message, or the last line that says something. */
function explainEnd({ lines, exitStatus }: EmergeReport): Explanation {
  for (const [pattern, hint] of knownEnds) {
    const line = lines.find((text) => pattern.test(text));
    if (line !== undefined)
      return {
        code: 'emerge-failed',
        cause: line.replace(/^(?:emerge: error:|!!!) /, ''),
        hint,
        relevantLines: [line],
      };
  }
  const last = lastMeaningfulLine(lines);
  return {
    code: 'emerge-failed',
    cause: last ?? `it ended with status ${exitStatus}`,
    relevantLines: last === undefined ? [] : [last],
  };
}

/** The last line that is neither decoration nor one of the notes with which emerge takes its leave. */
export function lastMeaningfulLine(lines: readonly string[]): string | undefined {
  const notes =
    /^!!! (?:News items will not be displayed|Use eselect profile)|^ \* (?:IMPORTANT:|Use eselect news)|^\[exit /;
  const line = lines.findLast((text) => /[A-Za-z0-9]/.test(text) && !notes.test(text));
  return line === undefined ? undefined : firstMatch([line], /^(?:!!!|>>>| \*|emerge:)? *(.{1,300})/);
}
