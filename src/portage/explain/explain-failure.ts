import {
  readEmergeReport,
  type EmergeReport,
  type FailedCommand,
  type Tmpfs,
  type FileSystemSpace,
} from '../output/emerge-report.ts';
import { explainBinaryPackage } from './explain-binary.ts';
import { explainFetchFailure } from './explain-fetch.ts';
import { explainMounts } from './explain-mounts.ts';
import {
  explainDiskFull,
  explainOutOfMemory,
  guessMemory,
  isEmergeKilled,
  useLessMemory,
} from './explain-resources.ts';
import { explainUnknownPackage } from './explain-unknown-package.ts';
import { sourcingRemedy } from './explain-masked.ts';
import { explainUnsatisfiable } from './explain-unsatisfiable.ts';
import { findFullFileSystems } from './measured-cause.ts';
import type { EmergeFailure, Explanation } from './explanation.ts';
import type { Remedy } from './remedy.ts';
import { lastMeaningfulLine } from './resolution-lines.ts';

/**
 * The explainers in order of precedence: a cause comes before its consequences, and a build failure before the messages of the
 * dependency resolver, because the output of a package may look like such a message.
 */
const explainers: readonly ((report: EmergeReport) => Explanation | undefined)[] = [
  explainDiskFull,
  explainOutOfMemory,
  explainBinaryPackage,
  explainSignal,
  explainFetchFailure,
  explainMounts,
  explainBuildFailure,
  explainUnknownPackage,
  explainUnsatisfiable,
  explainTraceback,
  explainUnsourced,
];

/**
 * Explains an emerge that ended with another status than 0. It needs the end of the output, some thousand lines; unless several
 * packages failed, the output includes the build log of the package that failed. `tmpfs` is the tmpfs of the builds; undefined
 * if they used a volume. `spaces` are the file systems of the container, measured after the failure. The function never throws.
 */
export function explainEmergeFailure(
  command: FailedCommand,
  tmpfs?: Tmpfs,
  spaces?: readonly FileSystemSpace[],
): EmergeFailure {
  const report = readEmergeReport(command, tmpfs, spaces);
  const explanation = withFullFileSystem(firstExplanation(report), report);
  const failed = report.failed ?? explanation.failed;
  const object = explanation.object ?? failed?.cpv ?? report.current ?? '';
  return {
    code: explanation.code,
    message: `failed to emerge${object === '' ? '' : ` ${object}`}: ${explanation.cause}`,
    object,
    remedy: explanation.remedy,
    relevantLines: explanation.relevantLines,
    package: failed?.cpv,
    causedBy: explanation.code === 'build-failed' && explanation.isGuess !== true ? failed?.cpv : undefined,
    phase: failed?.phase,
    buildLog: failed?.buildLog,
  };
}

function firstExplanation(report: EmergeReport): Explanation {
  for (const explain of explainers) {
    const explanation = explain(report);
    if (explanation) return explanation;
  }
  return explainEnd(report);
}

/**
 * Adds to a failure that nothing else explains that a file system is full: emerge may have had no space to write its message to
 * the log. The message has both facts, because neither proves the other.
 */
function withFullFileSystem(explanation: Explanation, { spaces }: EmergeReport): Explanation {
  const full = explanation.code === 'emerge-failed' ? findFullFileSystems(spaces) : undefined;
  if (full === undefined) return explanation;
  return {
    ...explanation,
    code: 'disk-full',
    cause: `${explanation.cause}; no space is left at ${full.words}`,
    remedy: { about: 'build', kind: 'free-disk-space', directory: full.directory },
  };
}

function explainBuildFailure(report: EmergeReport): Explanation | undefined {
  const { failed, lines } = report;
  if (!failed) return undefined;
  const collision = lines.find((line) => line.includes('NOT merged due to file collisions'));
  const died =
    failed.message === undefined || failed.message.startsWith('(no error message') ? '' : `: ${failed.message}`;
  if (collision !== undefined) {
    const cause = `its files collide with those of another package: ${collidingFiles(lines).join(', ')}`;
    return { code: 'build-failed', cause, remedy: undefined, relevantLines: [collision] };
  }
  const guess = guessMemory(report);
  const cause = failed.phase === undefined ? 'it failed' : `the ${failed.phase} phase failed`;
  return {
    code: 'build-failed',
    cause: `${cause}${died}${guess?.words ?? ''}`,
    isGuess: guess !== undefined,
    remedy: phaseRemedies.get(failed.phase ?? '') ?? guess?.remedy,
    relevantLines: guess === undefined ? [] : [guess.line],
  };
}

function collidingFiles(lines: readonly string[]): readonly string[] {
  return [...new Set(lines.flatMap((line) => /^ \* \t(\/.+)/.exec(line)?.[1] ?? []))].slice(0, 5);
}

const phaseRemedies: ReadonlyMap<string, Remedy> = new Map([
  ['pretend', { about: 'build', kind: 'read-package-message' }],
  ['setup', { about: 'build', kind: 'read-package-message' }],
]);

/**
 * Explains an ebuild that Portage cannot source. Portage then chooses another version if there is one, so this is the cause only
 * if nothing else is.
 */
function explainUnsourced({ unsourced }: EmergeReport): Explanation | undefined {
  const [failed] = unsourced;
  if (failed === undefined) return undefined;
  return {
    code: 'build-failed',
    cause: `the depend phase failed${failed.message === undefined ? '' : `: ${failed.message}`}`,
    remedy: sourcingRemedy(failed),
    relevantLines: [],
    failed,
  };
}

/** Explains that a signal ended emerge, and with it the package that emerge was building. */
function explainSignal(report: EmergeReport): Explanation | undefined {
  const { lines, exitStatus, signal } = report;
  if (lines.includes(tracebackBegin)) return undefined;
  if (isEmergeKilled(report))
    return {
      code: 'emerge-failed',
      cause: 'emerge was ended by SIGKILL; perhaps it had too little memory',
      remedy: useLessMemory(report),
      relevantLines: [],
    };
  const ended = signal ?? (exitStatus === 130 ? 'SIGINT' : exitStatus === 143 ? 'SIGTERM' : undefined);
  if (ended === undefined) return undefined;
  return { code: 'emerge-failed', cause: `emerge was ended by ${ended}`, relevantLines: [] };
}

const tracebackBegin = 'Traceback (most recent call last):';

/** Explains an error within Portage. Portage then ends with 1, or with 143 although no signal terminated it. */
function explainTraceback({ lines }: EmergeReport): Explanation | undefined {
  const start = lines.lastIndexOf(tracebackBegin);
  if (start < 0) return undefined;
  const error = lines.slice(start + 1).find((line) => /^[A-Za-z_][\w.]*(?:: |$)/.test(line));
  return {
    code: 'emerge-failed',
    cause: `Portage ended with an internal error${error === undefined ? '' : `: ${error}`}`,
    remedy: isAboutTree(error) ? { about: 'build', kind: 'build-again' } : undefined,
    relevantLines: lines.slice(start),
  };
}

/** Whether an error of Portage names a file of an ebuild repository, which may have changed during the build. */
function isAboutTree(error = ''): boolean {
  return (
    /\/var\/db\/repos\/|\.ebuild\b|\/metadata\/md5-cache\//.test(error) && !/ReadOnlyFileSystem|ImportError/.test(error)
  );
}

const knownEnds: readonly (readonly [RegExp, Remedy])[] = [
  [
    /^emerge: error: (?:unrecognized arguments|argument|ambiguous option)/,
    { about: 'request', kind: 'check-emerge-options' },
  ],
  [/^!!! Your current profile is invalid/, { about: 'tree', kind: 'check-profile' }],
  // A file that make.conf sources (`_getconfig_shlex.sourcehook` in portage/util).
  [
    /^"[^"]+", line \d+: .+: (?:No such file or directory|Not a directory)$/,
    { about: 'configuration', kind: 'correct-source' },
  ],
];

/** Explains any other end of emerge: by a known message, or else by the last meaningful line. */
function explainEnd({ lines, exitStatus }: EmergeReport): Explanation {
  for (const [pattern, remedy] of knownEnds) {
    const line = lines.find((text) => pattern.test(text));
    if (line !== undefined)
      return {
        code: 'emerge-failed',
        cause: line.replace(/^(?:emerge: error:|!!!) /, ''),
        remedy,
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
