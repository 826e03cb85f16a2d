import type { FailureCode } from '../failure.ts';
import type { Atom } from './atom.ts';
import { parseEmergeLine, stripEscapes } from './emerge-output.ts';

/** What emerge says about one package that it gave up. */
export interface FailedPackage {
  /** `category/name-version` */
  readonly cpv: string;
  /** The phase in which it failed (`compile`, `install`, `postinst`, ...; ebuild(5)), if Portage says it. */
  readonly phase: string | undefined;
  /** What the ebuild died with. */
  readonly message: string | undefined;
  /** A path in the container. */
  readonly buildLog: string | undefined;
  /** A path in the container. */
  readonly workingDirectory: string | undefined;
}

/** The end of what emerge or a sync printed, ready to be searched for a cause. */
export interface EmergeReport {
  readonly exitStatus: number;
  readonly signal: string | undefined;
  /** Without escape sequences, control characters and trailing white space. */
  readonly lines: readonly string[];
  /** The package that failed first, as far as the lines tell. */
  readonly failed: FailedPackage | undefined;
  /** `category/name-version` of the package that was begun last, if emerge ended before it was completed. */
  readonly current: string | undefined;
  /** What packages were built on, where that is in memory. */
  readonly tmpfs: Tmpfs | undefined;
}

/** A tmpfs that packages are built on. Paths are in the container. */
export interface Tmpfs {
  readonly directory: string;
  /** Below it, and not on it. */
  readonly apart: string;
  /** Bytes. */
  readonly size: number;
  /** What a site builds elsewhere. */
  readonly bigPackages: readonly Atom[];
}

/** What to do, where the user of gentoo-builder has an option for it and the keeper of a site a file of a branch. */
export interface Advice {
  readonly builder: string;
  readonly site: string;
}

/** Whom a hint is for. */
export type Audience = keyof Advice;

/** One kind of failure that was recognised. */
export interface Explanation {
  readonly code: FailureCode;
  /** What could not be emerged, if it is not the package that failed. */
  readonly object?: string;
  readonly cause: string;
  readonly hint?: string | Advice | undefined;
  readonly relevantLines: readonly string[];
}

/** The hint for one of the two audiences. */
export function adviceFor(audience: Audience, hint: string | Advice | undefined): string | undefined {
  return typeof hint === 'object' ? hint[audience] : hint;
}

/** A command that failed: how it ended, and the end of its output (both streams, line by line). */
export interface FailedCommand {
  readonly exitStatus: number;
  readonly signal?: string | undefined;
  readonly lines: readonly string[];
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const controlCharacters = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/g;

const gaveUp = /^>>> Failed to (?:emerge|install) ([^\s,]+?)(?: (?:for|to) \S+?)?(?:, Log file:)?$/;
const died = /^ \* ERROR: (\S+?)(?:::\S+)? failed(?: \((\w+) phase\))?:$/;

/** Reads the facts that are the same for every kind of failure. */
export function readEmergeReport(command: FailedCommand, tmpfs?: Tmpfs): EmergeReport {
  const lines = command.lines.map((line) => stripEscapes(line).replaceAll(controlCharacters, '').trimEnd());
  return {
    exitStatus: command.exitStatus,
    signal: command.signal,
    lines,
    failed: failedPackage(lines),
    current: currentPackage(lines),
    tmpfs,
  };
}

/** What a pattern's first group is in the first line that it matches. */
export function firstMatch(lines: readonly string[], pattern: RegExp): string | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) return match[1] ?? match[0];
  }
  return undefined;
}

/** The lines from the first that matches to the one before the next that matches `end`, or all that follow. */
export function section(lines: readonly string[], begin: RegExp, end: RegExp): readonly string[] {
  const start = lines.findIndex((line) => begin.test(line));
  if (start < 0) return [];
  const length = lines.slice(start + 1).findIndex((line) => end.test(line));
  return lines.slice(start, length < 0 ? undefined : start + 1 + length);
}

function currentPackage(lines: readonly string[]): string | undefined {
  const last = lines.flatMap((line) => parseEmergeLine(line) ?? []).at(-1);
  return last === undefined || last.action === 'completed' ? undefined : last.cpv;
}

function failedPackage(lines: readonly string[]): FailedPackage | undefined {
  const cpv = firstMatch(lines, gaveUp) ?? firstMatch(lines, died);
  if (cpv === undefined) return undefined;
  const diedAt = lines.findIndex((line) => died.exec(line)?.[1] === cpv);
  const own = diedAt < 0 ? [] : lines.slice(diedAt);
  const gaveUpAt = lines.findIndex((line) => gaveUp.exec(line)?.[1] === cpv);
  return {
    cpv,
    phase: own[0] === undefined ? undefined : died.exec(own[0])?.[2],
    message: firstMatch(own.slice(1, 4), /^ \* {3}(\S.*)$/),
    buildLog:
      firstMatch(lines.slice(gaveUpAt + 1, gaveUpAt + 2), /^>>> +'(\/.+)'$/) ??
      firstMatch(own, /^ \* The complete build log is located at '(\/.+)'\.$/),
    workingDirectory: firstMatch(own, /^ \* Working directory: '(\/.+)'$/),
  };
}
