import { inspect } from 'node:util';

import type { Failure } from '../failure.ts';
import { harmlessLines } from './harmless-text.ts';

/** The program that reports, as its users know it. */
export interface Program {
  readonly name: string;
  readonly version: string;
}

const shownFailures = 10;
const shownCauses = 5;

/**
 * What a user reads when a run ends with these failures, as lines: the end of the log where there is one, the message,
 * the causes that say more than the message does, the hint. What has a place in a file is shown as compilers do, with the
 * place in front; all of that, and of the others the first ten and how many more there are. The end of a log is left out
 * if the reader has all of it before his eyes, as `isShown` says of each line.
 */
export function describeFailures(
  failures: readonly Failure[],
  program: Program,
  isShown: (line: string) => boolean = () => false,
): string[] {
  const placed = failures.filter((failure) => failure.place !== undefined);
  const others = failures.filter((failure) => failure.place === undefined);
  const shown = [...placed, ...others.slice(0, shownFailures)];
  const lines = shown.flatMap((failure) => describeFailure(failure, program, isShown));
  const hidden = failures.length - shown.length;
  if (hidden > 0) lines.push(`${program.name}: and ${hidden} more ${hidden === 1 ? 'failure' : 'failures'} like these`);
  return lines;
}

function describeFailure(failure: Failure, program: Program, isShown: (line: string) => boolean): string[] {
  const lines = describeLogTail(failure.logTail, isShown);
  lines.push(...labelLines(failure.place === undefined ? `${program.name}: ` : '', failure.message));
  for (const cause of causesOf(failure)) lines.push(...labelLines('  caused by: ', cause));
  if (failure.hint !== undefined) lines.push(...labelLines('  hint: ', failure.hint));
  return lines;
}

function describeLogTail(tail: readonly string[], isShown: (line: string) => boolean): string[] {
  const shown = tail.flatMap(harmlessLines);
  if (shown.every(isShown)) return [];
  return [
    rule(`last ${shown.length === 1 ? 'line' : `${shown.length} lines`} of the log`),
    ...shown,
    rule('end of the log'),
  ];
}

function rule(title: string): string {
  return `----- ${title} `.padEnd(60, '-');
}

/** A text under a label: its further lines are indented, so that they belong to it visibly. */
export function labelLines(label: string, text: string): string[] {
  const indent = ' '.repeat(label.length - label.trimStart().length + 2);
  return harmlessLines(text).map((line, index) => (index === 0 ? label : indent) + line);
}

/**
 * The messages of the errors that led to this one, outermost first, without those that are part of what was said
 * before: a message mostly quotes its cause.
 */
export function causesOf(error: Error): string[] {
  const causes: string[] = [];
  let said = error.message;
  let above = said;
  let cause = error.cause;
  for (let depth = 0; depth < shownCauses && cause !== undefined && cause !== null; depth += 1) {
    const message = messageOf(cause).trim();
    // A library's error often is the message that was taken from it, with a prefix of its own.
    const isPrefixed = above !== '' && message.endsWith(above);
    if (message !== '' && !said.includes(message) && !isPrefixed) causes.push(message);
    said += `\n${message}`;
    above = message;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

/** Node gives an AggregateError of failed connections an empty message: its parts say what happened. */
function messageOf(cause: unknown): string {
  if (typeof cause === 'string') return cause;
  if (!(cause instanceof Error)) return inspect(cause, { depth: 2, breakLength: Infinity });
  const parts: unknown[] = cause instanceof AggregateError && cause.message === '' ? cause.errors : [];
  return parts.length === 0 ? cause.message : parts.map(messageOf).join('; ');
}

/** What a user reads when the program itself is at fault, as lines: the stack, the versions, and whom that concerns. */
export function describeDefect(error: unknown, program: Program): string[] {
  return [
    ...labelLines(`${program.name}: `, 'this is a defect in the program, not in what it was asked to do'),
    ...stackOf(error).flatMap((stack) => harmlessLines(stack).map((line) => `  ${line}`)),
    `  version: ${program.name} ${program.version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    ...labelLines('  hint: ', 'please report it to the maintainers, with these lines and the command that was run'),
  ];
}

/** The stacks of an error and of its causes, outermost first. */
export function stackOf(error: unknown): string[] {
  const stacks: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth <= shownCauses && current !== undefined; depth += 1) {
    const stack = current instanceof Error ? (current.stack ?? String(current)) : inspect(current, { depth: 2 });
    stacks.push(depth === 0 ? stack : `caused by: ${stack}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return stacks;
}
