import { firstMatch, section, type EmergeReport } from '../output/emerge-report.ts';
import { parsePretendOutput, type Suggestion } from '../output/pretend-output.ts';
import { explainMasked } from './explain-masked.ts';
import type { Explanation } from './explanation.ts';
import { quotedAtom, requirers, requiringPackage, sentenceOf } from './resolution-lines.ts';

type Explain = (lines: readonly string[], report: EmergeReport) => Omit<Explanation, 'code'> | undefined;

/** Explains packages that exist and cannot be installed as requested: masks, USE flags, conflicts; `_emerge/depgraph.py`. */
export function explainUnsatisfiable(report: EmergeReport): Explanation | undefined {
  for (const explain of explainers) {
    const explanation = explain(report.lines, report);
    if (explanation) return { code: 'package-unsatisfiable', ...explanation };
  }
  return undefined;
}

const explainMissingUseFlag: Explain = (lines) => {
  const line = lines.find((text) => /^emerge: there are no .+ built with USE flags to satisfy "/.test(text));
  if (line === undefined) return undefined;
  const choices = lines.filter((text) => /^- \S+ \(.+\)$/.test(text));
  const missing = choices.every((choice) => choice.includes('(Missing IUSE: '));
  return {
    object: requiringPackage(lines) ?? quotedAtom(line),
    cause: `${sentenceOf(line)}: ${choices.map((choice) => choice.slice(2)).join(', ')}`,
    remedy: missing
      ? { about: 'configuration', kind: 'drop-use-flag' }
      : { about: 'configuration', kind: 'change-use-flags', flags: wantedFlags(choices) },
    relevantLines: [line, ...choices, ...requirers(lines)],
  };
};

/** `shout` and `-quiet` of `- dev-libs/greeting-2.0::gentoo (Change USE: +shout -quiet)`, from the first such line. */
function wantedFlags(choices: readonly string[]): readonly string[] {
  const flags = choices.flatMap((choice) => /\(Change USE: ([^)]+)\)/.exec(choice)?.[1] ?? [])[0] ?? '';
  return flags.replaceAll('+', '').split(' ').filter(Boolean);
}

const explainRequiredUse: Explain = (lines) => {
  const selected = section(lines, /^!!! The ebuild selected to satisfy ".+" has unmet requirements\.$/, /^$/);
  const constraints = section(lines, /REQUIRED_USE flag constraints are unsatisfied:$/, /^$/);
  if (selected[0] === undefined || constraints.length === 0) return undefined;
  const constraint = constraints.slice(1).map((text) => text.trim());
  return {
    object: quotedAtom(selected[0]),
    cause: `its REQUIRED_USE is not satisfied: ${constraint.join(' ')}`,
    remedy: { about: 'configuration', kind: 'change-use-flags', flags: [] },
    relevantLines: [...selected, ...constraints, ...requirers(lines)],
  };
};

/** Explains changes of USE flags, keywords, masks and licences that emerge proposes and does not make itself. */
const explainNecessaryChanges: Explain = (lines) => {
  const pattern = /^The following (.+) changes are necessary to proceed:$/;
  const kinds = lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
  if (kinds.length === 0 || lines.includes('Autounmask changes successfully written.')) return undefined;
  const sections = kinds.map((kind) => {
    const own = section(
      lines,
      new RegExp(`^The following ${escapePattern(kind)} changes are necessary to proceed:$`),
      /^$/,
    );
    return { kind, own, changes: own.slice(1).filter((text) => !/^[# ]/.test(text)) };
  });
  const relevantLines = sections.flatMap(({ own }) => own);
  const flags = sections.flatMap(({ kind, changes }) =>
    kind === 'USE' ? changes.flatMap((change) => change.split(' ').slice(1)) : [],
  );
  return {
    object: firstMatch(relevantLines, /^# required by (\S+?)(?:::\S+)?(?: \(argument\))?$/) ?? '',
    cause: sections.map(({ kind, changes }) => `it needs ${kind} changes: ${changes.join(', ')}`).join('; '),
    remedy: {
      about: 'configuration',
      kind: 'accept-changes',
      // Other changes are needed as well, so the flags alone do not help.
      flags: kinds.length === 1 ? [...new Set(flags)] : [],
      suggestions: parsePretendOutput(lines).suggestions,
    },
    relevantLines,
  };
};

const escapePattern = (text: string): string => text.replaceAll(/[^\w ]/g, String.raw`\$&`);

const explainSlotConflict: Explain = (lines) => {
  const begin = lines.findIndex((line) => line.endsWith('resulting in a slot conflict:'));
  if (begin < 0) return undefined;
  const conflict = lines.slice(begin + 1).filter((line) => !/^[ ^]*$/.test(line));
  const versions = conflict.flatMap((line) => /^ {2}\(([^\s,:]+):\S+, /.exec(line)?.[1] ?? []);
  return {
    object: firstMatch(conflict, /^([^\s(]+\/[^\s(]+)$/) ?? '',
    cause: `slot conflict between ${[...new Set(versions)].join(' and ')}`,
    remedy: { about: 'request', kind: 'separate-versions' },
    relevantLines: [...lines.slice(Math.max(0, begin - 1), begin + 1), ...conflict],
  };
};

const explainCircularDependencies: Explain = (lines) => {
  const begin = lines.indexOf(' * Error: circular dependencies:');
  if (begin < 0) return undefined;
  const cycle = lines.slice(begin).filter((line) => /^ *\(\S+, .+\)/.test(line));
  const packages = cycle.map((line) => firstMatch([line], /\(([^\s,:]+)/) ?? '');
  const proposals = [useProposal, maskedProposal, testProposal].flatMap((pattern) =>
    linesBelow(lines.slice(begin), pattern),
  );
  return {
    object: packages[0] ?? '',
    cause: `circular dependencies: ${packages.join(' -> ')}`,
    remedy: { about: 'configuration', kind: 'break-dependency-cycle', alternatives: proposals.flatMap(useChange) },
    relevantLines: [...lines.slice(begin, begin + 1), ...cycle, ...proposals],
  };
};

/** The headings of emerge's proposals to break a cycle; `_show_circular_deps` in `_emerge/depgraph.py`. */
const useProposal = /^by applying (?:the following change|any of the following changes):$/;
const maskedProposal = /^ \* \/etc\/portage\/package\.accept_keywords, might solve it:$/;
const testProposal = /^ \* This cycle involves test dependencies\./;

/** A heading and the proposals below it. */
function linesBelow(lines: readonly string[], heading: RegExp): readonly string[] {
  const at = lines.findIndex((line) => heading.test(line));
  if (at < 0) return [];
  const isProposal = (line: string) => /^(?:- \S+ \(|=\S+ no-test\.conf$| \(This change | \* \S|$)/.test(line);
  const end = lines.slice(at + 1).findIndex((line) => !isProposal(line));
  return lines.slice(at, end < 0 ? undefined : at + 1 + end).filter((line) => line !== '');
}

/** The line of package.use for `- app-misc/a-1 (Change USE: -doc +man)`. */
function useChange(line: string): readonly Suggestion[] {
  const [, cpv, flags] = /^- (\S+) \(Change USE: ([^)]+)\)$/.exec(line) ?? [];
  if (cpv === undefined || flags === undefined) return [];
  return [{ file: 'package.use', line: `=${cpv} ${flags.replaceAll('+', '')}`, requiredBy: [] }];
}

const explainBlocked: Explain = (lines) => {
  const blockers = lines.filter((line) => line.startsWith('[blocks B'));
  if (blockers.length === 0) return undefined;
  const causes = blockers.flatMap((line) => /\((".+" is (?:hard|soft) blocking .+)\)$/.exec(line)?.[1] ?? []);
  const pulledIn = section(lines, /^ \* Error: The above package list contains/, /^\[/).filter((line) => line !== '');
  return {
    object: firstMatch(causes, /blocking ([^\s,]+)/) ?? '',
    cause: `blocked: ${causes.join('; ')}`,
    remedy: { about: 'request', kind: 'separate-blockers' },
    relevantLines: [...blockers, ...pulledIn],
  };
};

/** A cycle comes before changes that emerge proposes, because these do not break it. */
const explainers: readonly Explain[] = [
  explainMissingUseFlag,
  (_, report) => explainMasked(report),
  explainRequiredUse,
  explainCircularDependencies,
  explainNecessaryChanges,
  explainSlotConflict,
  explainBlocked,
];
