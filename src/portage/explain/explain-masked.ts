import { firstMatch, type EmergeReport, type FailedPackage } from '../output/emerge-report.ts';
import { parsePretendOutput, type Suggestion } from '../output/pretend-output.ts';
import type { Explanation } from './explanation.ts';
import type { Mask, Remedy } from './remedy.ts';
import { quotedAtom, requirers, requiringPackage } from './resolution-lines.ts';

/** Patterns for the reasons that portage.package.ebuild.getmaskingstatus gives, in order of precedence. */
const masks: readonly (readonly [RegExp, Mask])[] = [
  [/license/, 'licence'],
  [/missing keyword/, 'missing-keyword'],
  [/keyword/, 'testing-keyword'],
  [/package\.mask/, 'package.mask'],
];

/**
 * Explains a package whose versions are all masked: by a licence, a keyword, package.mask, or because this Portage cannot read
 * their ebuilds.
 */
export function explainMasked({ lines, unsourced }: EmergeReport): Omit<Explanation, 'code'> | undefined {
  const line = lines.find((text) => /^(?:!!! )?All .+ that could satisfy ".+" .*have been masked/.test(text));
  if (line === undefined) return undefined;
  const choices = lines.filter((text) => /^- \S+ \(masked by: .+\)$/.test(text));
  const notes = lines.filter((text) => /^(?:A copy of the '|#|\/\S+\/package\.mask:$)/.test(text));
  return {
    object: requiringPackage(lines) ?? quotedAtom(line),
    cause:
      choices.map((choice) => choice.slice(2) + reasonOf(choice, unsourced)).join(', ') ||
      'all of its versions are masked',
    remedy: unmaskingRemedy(lines, choices) ?? unreadableRemedy(choices, unsourced),
    relevantLines: [line, ...choices, ...notes, ...requirers(lines)],
  };
}

/** The message of an ebuild that could not be sourced. Portage calls the version masked by corruption and tells no reason. */
function reasonOf(choice: string, unsourced: readonly FailedPackage[]): string {
  const message = unsourcedOf(choice, unsourced)?.message;
  return message === undefined ? '' : `: ${message}`;
}

function unsourcedOf(choice: string, unsourced: readonly FailedPackage[]): FailedPackage | undefined {
  const cpv = /^- ([^\s:]+)\S* \(masked by: (?:.*, )?corruption\b/.exec(choice)?.[1];
  return unsourced.find((one) => one.cpv === cpv);
}

function unreadableRemedy(choices: readonly string[], unsourced: readonly FailedPackage[]): Remedy {
  if (choices.some((choice) => /\(masked by: (?:.*, )?EAPI \S+/.test(choice)))
    return { about: 'request', kind: 'update-portage' };
  const [failed] = choices.flatMap((choice) => unsourcedOf(choice, unsourced) ?? []);
  if (failed !== undefined) return sourcingRemedy(failed);
  // A value of the ebuild has a fault, or bash ended while it read the ebuild.
  const isBroken = choices.some((choice) => /\(masked by: (?:corruption|invalid: )/.test(choice));
  return isBroken ? sourcingRemedy({ message: undefined }) : { about: 'request', kind: 'choose-version' };
}

/** The remedy for an ebuild that could not be sourced (`__check_bash_version` in `ebuild.sh`). */
export function sourcingRemedy({ message }: Pick<FailedPackage, 'message'>): Remedy {
  return /requires >=bash-/.test(message ?? '')
    ? { about: 'request', kind: 'update-portage' }
    : { about: 'tree', kind: 'update-tree', reason: 'broken-ebuild' };
}

function unmaskingRemedy(lines: readonly string[], choices: readonly string[]): Remedy | undefined {
  const found = choices
    .map((choice) => ({ choice, own: masksOf(firstMatch([choice], /masked by: (.+)\)$/) ?? '') }))
    .filter(({ own }) => own.length > 0);
  // The version that suggestUnmasking chooses, too: few masks, not live, the newest.
  const [nearest] = found.toSorted(
    (a, b) => a.own.length - b.own.length || Number(isLive(a.choice)) - Number(isLive(b.choice)),
  );
  const [mask, ...others] = nearest?.own ?? [];
  if (mask === undefined) return undefined;
  const { suggestions } = parsePretendOutput(lines);
  const own = suggestions.length > 0 ? suggestions : suggestUnmasking(lines, choices);
  return { about: 'configuration', kind: 'unmask', mask, ...(others.length > 0 ? { others } : {}), suggestions: own };
}

/** The kinds of mask among the reasons for which a version is masked, each once, in order of precedence. */
function masksOf(reasons: string): readonly Mask[] {
  const own = new Set(
    reasons.split(', ').flatMap((reason) => masks.find(([pattern]) => pattern.test(reason))?.[1] ?? []),
  );
  return masks.map(([, mask]) => mask).filter((mask) => own.has(mask));
}

/** Whether a text names a live version, whose sources change from day to day. */
const isLive = (text: string): boolean => /-9999+(?:-r\d+)?(?:[ :]|$)/.test(text);

/**
 * Suggests a line that unmasks a version, if emerge itself proposes nothing: the newest of the versions that have a single
 * mask. A live version, whose sources change from day to day, is suggested only if there is no other.
 */
function suggestUnmasking(lines: readonly string[], choices: readonly string[]): readonly Suggestion[] {
  const masked = choices.flatMap((choice) => {
    const [, cpv, why = ''] = /^- ([^\s:]+)(?:::\S+)? \(masked by: (.+)\)$/.exec(choice) ?? [];
    const unmasked = cpv === undefined ? undefined : unmask(`=${cpv}`, why);
    return unmasked === undefined ? [] : [unmasked];
  });
  const requiredBy = lines.flatMap((line) => /^\(dependency required by "([^"]+)" \[/.exec(line)?.[1] ?? []);
  // The versions are alternatives, the newest first: one line is enough.
  return [...masked.filter(({ line }) => !isLive(line)), ...masked]
    .slice(0, 1)
    .map((suggestion) => ({ ...suggestion, requiredBy }));
}

function unmask(atom: string, why: string): Omit<Suggestion, 'requiredBy'> | undefined {
  if (why === 'package.mask') return { file: 'package.unmask', line: atom };
  if (why === 'missing keyword') return { file: 'package.accept_keywords', line: `${atom} **` };
  const keyword = /^(~\S+) keyword$/.exec(why)?.[1];
  if (keyword !== undefined) return { file: 'package.accept_keywords', line: `${atom} ${keyword}` };
  const licence = /^([^,]+) license\(s\)$/.exec(why)?.[1];
  return licence === undefined ? undefined : { file: 'package.license', line: `${atom} ${licence}` };
}
