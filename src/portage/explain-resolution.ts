import { firstMatch, section, type EmergeReport } from './emerge-report.ts';
import type { Explanation } from './explain-failure.ts';

const useHint = 'change the USE flags with --use, or let emerge change them: --emerge-option=--autounmask-continue=y';
const blank = /^$/;

/** Why the packages that were asked for cannot be installed, before any is built; `_emerge/depgraph.py` and below. */
export function explainResolutionFailure(report: EmergeReport): Explanation | undefined {
  for (const explain of explainers) {
    const explanation = explain(report.lines);
    if (explanation) return explanation;
  }
  return undefined;
}

/** From what says most about the cause to what says least; emerge prints several of them for some causes. */
const explainers: readonly ((lines: readonly string[]) => Explanation | undefined)[] = [
  explainUnknownSet,
  explainAmbiguousName,
  explainMissingUseFlag,
  explainUnknownPackage,
  explainMasked,
  explainRequiredUse,
  explainNecessaryChanges,
  explainSlotConflict,
  explainCircularDependencies,
  explainBlocked,
];

function explainUnknownSet(lines: readonly string[]): Explanation | undefined {
  const set = firstMatch(lines, /There are no sets to satisfy '(.+?)'/);
  if (set === undefined) return undefined;
  const sets = section(lines, /There are no sets to satisfy/, /^\S/).flatMap(
    (line) => /^ {4}(\S+)$/.exec(line)?.[1] ?? [],
  );
  return unknown(
    `@${set}`,
    `there is no set ${set}; the sets are ${sets.join(', ')}`,
    'name one of these sets',
    lines.slice(0, 1),
  );
}

function explainAmbiguousName(lines: readonly string[]): Explanation | undefined {
  const name = firstMatch(lines, /The short ebuild name "(.+?)" is ambiguous/);
  if (name === undefined) return undefined;
  const names = lines.flatMap((line) => /^ {4}(\S+\/\S+)$/.exec(line)?.[1] ?? []);
  return unknown(name, `it is ambiguous: ${names.join(', ')}`, 'name the package with its category', names);
}

function explainUnknownPackage(lines: readonly string[]): Explanation | undefined {
  const line = lines.find((text) => /^emerge: there are no .+ to satisfy "/.test(text));
  const atom = firstMatch(line === undefined ? [] : [line], /to satisfy "(.+)"/);
  if (line === undefined || atom === undefined) return undefined;
  const requirer = requiringPackage(lines);
  if (requirer !== undefined) {
    return unsatisfiable(
      requirer,
      sentence(line),
      'the tree is incomplete: build without --no-sync, or add the repository that has it',
      [line, ...requirers(lines)],
    );
  }
  const similar = lines.find((text) => text.startsWith('emerge: Maybe you meant any of these:'));
  return similar === undefined
    ? unknown(atom, sentence(line), 'check the name and version; a newer tree may have it: build without --no-sync', [
        line,
      ])
    : unknown(atom, `${sentence(line)}. ${sentence(similar)}`, 'name one of these packages', [line, similar]);
}

function explainMissingUseFlag(lines: readonly string[]): Explanation | undefined {
  const line = lines.find((text) => /^emerge: there are no .+ built with USE flags to satisfy "/.test(text));
  if (line === undefined) return undefined;
  const choices = lines.filter((text) => /^- \S+ \(.+\)$/.test(text));
  const cause = `${sentence(line)}: ${choices.map((choice) => choice.slice(2)).join(', ')}`;
  return unsatisfiable(requiringPackage(lines) ?? quoted(line), cause, useHint, [
    line,
    ...choices,
    ...requirers(lines),
  ]);
}

/** How to accept what is masked, by the words of portage.package.ebuild.getmaskingstatus. */
const unmasking: readonly (readonly [RegExp, string])[] = [
  [
    /license/,
    'accept the licence: ACCEPT_LICENSE in a file given as --make-conf, or --emerge-option=--autounmask-license=y with --emerge-option=--autounmask-continue=y',
  ],
  [
    /keyword/,
    'accept the keyword: ACCEPT_KEYWORDS in a file given as --make-conf, or --emerge-option=--autounmask=y with --emerge-option=--autounmask-continue=y',
  ],
  [/package\.mask|profile/, 'build from a base whose /etc/portage/package.unmask names it, or ask for another version'],
];

function explainMasked(lines: readonly string[]): Explanation | undefined {
  const line = lines.find((text) =>
    /^All ebuilds that could satisfy ".+" have been masked/.test(text.replace(/^!!! /, '')),
  );
  if (line === undefined) return undefined;
  const choices = lines.filter((text) => /^- \S+ \(masked by: .+\)$/.test(text));
  const reasons = choices.map((choice) => firstMatch([choice], /masked by: (.+)\)$/) ?? '');
  const hint = unmasking.find(([pattern]) => reasons.some((reason) => pattern.test(reason)))?.[1];
  return unsatisfiable(
    requiringPackage(lines) ?? quoted(line),
    choices.map((choice) => choice.slice(2)).join(', '),
    hint ?? 'ask for another version',
    [line, ...choices, ...lines.filter((text) => text.startsWith("A copy of the '")), ...requirers(lines)],
  );
}

function explainRequiredUse(lines: readonly string[]): Explanation | undefined {
  const relevantLines = section(lines, /^!!! The ebuild selected to satisfy ".+" has unmet requirements\.$/, /^$/);
  const constraints = section(lines, /REQUIRED_USE flag constraints are unsatisfied:$/, blank);
  const first = relevantLines[0];
  if (first === undefined) return undefined;
  const cause = `its REQUIRED_USE is not satisfied: ${constraints
    .slice(1)
    .map((text) => text.trim())
    .join(' ')}`;
  return unsatisfiable(quoted(first), cause, 'change the USE flags with --use', [...relevantLines, ...constraints]);
}

/** USE flags, keywords, masks and licences that emerge offers to change. */
function explainNecessaryChanges(lines: readonly string[]): Explanation | undefined {
  const kind = firstMatch(lines, /^The following (.+) changes are necessary to proceed:$/);
  if (kind === undefined) return undefined;
  const relevantLines = section(lines, /^The following .+ changes are necessary to proceed:$/, blank);
  const changes = relevantLines.slice(1).filter((text) => !/^[# ]/.test(text));
  const hint =
    kind === 'USE'
      ? useHint
      : 'let emerge make these changes: --emerge-option=--autounmask=y --emerge-option=--autounmask-continue=y';
  return unsatisfiable(
    requestedBy(relevantLines),
    `it needs ${kind} changes: ${changes.join(', ')}`,
    hint,
    relevantLines,
  );
}

function explainSlotConflict(lines: readonly string[]): Explanation | undefined {
  const begin = /resulting in a slot conflict:$/;
  if (!lines.some((line) => begin.test(line))) return undefined;
  const conflict = lines
    .slice(lines.findIndex((line) => begin.test(line)) + 1)
    .filter((line) => line !== '' && !/^[ ^]*$/.test(line));
  const slot = firstMatch(conflict, /^([^\s(]+\/[^\s(]+)$/) ?? 'a package';
  const versions = conflict.flatMap((line) => /^ {2}\(([^\s,:]+):\S+, /.exec(line)?.[1] ?? []);
  return unsatisfiable(
    slot,
    `slot conflict between ${[...new Set(versions)].join(' and ')}`,
    'build what needs the one without what needs the other, ask for versions that agree, or try --emerge-option=--backtrack=100',
    [`!!! ${lines.find((line) => begin.test(line))?.replace(/^!!! /, '') ?? ''}`, ...conflict],
  );
}

function explainCircularDependencies(lines: readonly string[]): Explanation | undefined {
  const relevantLines = lines.slice(lines.findIndex((line) => line === ' * Error: circular dependencies:'));
  if (relevantLines[0] !== ' * Error: circular dependencies:') return undefined;
  const circle = relevantLines.filter((line) => /^ *\(\S+, .+\)/.test(line));
  const names = circle.map((line) => firstMatch([line], /\(([^\s,:]+)/) ?? '');
  return unsatisfiable(
    names[0] ?? '',
    `circular dependencies: ${names.join(' -> ')}`,
    'build once with a USE flag less that brings in the circle: --use="-flag"',
    [relevantLines[0], ...circle],
  );
}

function explainBlocked(lines: readonly string[]): Explanation | undefined {
  const blockers = lines.filter((line) => /^\[blocks B/.test(line));
  if (blockers.length === 0) return undefined;
  const causes = blockers.flatMap((line) => /\((".+" is (?:hard|soft) blocking .+)\)$/.exec(line)?.[1] ?? []);
  const blocked = firstMatch(causes, /blocking (.+)$/)?.split(', ')[0];
  return unsatisfiable(
    blocked ?? 'the packages',
    `blocked: ${causes.join('; ')}`,
    'build them in different images, or ask for versions that do not block each other',
    [
      ...blockers,
      ...section(lines, /^ \* Error: The above package list contains/, /^\[/).filter((line) => line !== ''),
    ],
  );
}

const quoted = (line: string): string => firstMatch([line], /"(.+)"/) ?? '';

/** A message of emerge's without its name before it and its full stop after it. */
const sentence = (line: string): string => line.replace(/^emerge: /, '').replace(/\.$/, '');

function requirers(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith('(dependency required by '));
}

/** The package whose dependency it is, if it is not what was asked for itself. */
function requiringPackage(lines: readonly string[]): string | undefined {
  return firstMatch(requirers(lines), /required by "([^":]+)[^"]*" \[(?!argument)/);
}

function requestedBy(lines: readonly string[]): string {
  return firstMatch(lines, /^# required by (\S+?)(?:::\S+)?(?: \(argument\))?$/) ?? '';
}

function unknown(object: string, cause: string, hint: string, relevantLines: readonly string[]): Explanation {
  return { code: 'package-unknown', object, cause, hint, relevantLines };
}

function unsatisfiable(object: string, cause: string, hint: string, relevantLines: readonly string[]): Explanation {
  return { code: 'package-unsatisfiable', object, cause, hint, relevantLines };
}
