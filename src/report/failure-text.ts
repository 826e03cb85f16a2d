import { inspect } from 'node:util';

import type { Failure } from '../failure.ts';
import { escapeLinesForTerminal } from './escape-for-terminal.ts';

/** A program's name and version as users know them. */
export interface Program {
  readonly name: string;
  readonly version: string;
}

const shownFailures = 10;
const shownCauses = 5;

/**
 * The lines that a user reads when a run ends with these failures. For each failure: the end of the log, the message, the
 * causes that add something to the message, the hint. A failure with a place in a file starts with that place, as a
 * compiler's message does. All failures with a place are shown, but only the first ten of the others. The end of the log
 * is left out if `isShown` says that the user has already seen each of its lines.
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
  const shown = tail.flatMap(escapeLinesForTerminal);
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

/** Puts a label in front of a text and indents the text's further lines. */
export function labelLines(label: string, text: string): string[] {
  const indent = ' '.repeat(label.length - label.trimStart().length + 2);
  return escapeLinesForTerminal(text).map((line, index) => (index === 0 ? label : indent) + line);
}

/**
 * The messages of an error's causes, outermost first. A message that an earlier message contains is left out, because most
 * messages quote their cause.
 */
export function causesOf(error: Error): string[] {
  const causes: string[] = [];
  let said = error.message;
  let above = said;
  let cause = error.cause;
  for (let depth = 0; depth < shownCauses && cause !== undefined && cause !== null; depth += 1) {
    const message = messageOf(cause).trim();
    // A library often puts a prefix before the message of the inner error.
    const isPrefixed = above !== '' && message.endsWith(above);
    if (message !== '' && !said.includes(message) && !isPrefixed) causes.push(message);
    said += `\n${message}`;
    above = message;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

/** Node's AggregateError of failed connections has an empty message; its parts tell the causes. */
function messageOf(cause: unknown): string {
  if (typeof cause === 'string') return cause;
  if (!(cause instanceof Error)) return inspect(cause, { depth: 2, breakLength: Infinity });
  const parts: unknown[] = cause instanceof AggregateError && cause.message === '' ? cause.errors : [];
  return parts.length === 0 ? cause.message : parts.map(messageOf).join('; ');
}

/** The lines that a user reads when the program has a defect: the stack, the versions, and a request to report it. */
export function describeDefect(error: unknown, program: Program): string[] {
  return [
    ...labelLines(`${program.name}: `, 'this is a defect of the program, not of the request'),
    ...stackOf(error).flatMap((stack) => escapeLinesForTerminal(stack).map((line) => `  ${line}`)),
    `  version: ${program.name} ${program.version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    ...labelLines('  hint: ', 'report it to the maintainers, with these lines and the command line'),
  ];
}

/** The stacks of an error and its causes, outermost first. */
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
