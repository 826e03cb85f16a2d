import { Failure } from '../failure.ts';
import { explainEmergeFailure } from '../portage/explain-failure.ts';
import { parsePretendOutput, type Suggestion } from '../portage/pretend-output.ts';
import type { FailedCommand } from '../portage/emerge-report.ts';
import type { Tuple } from '../site/site.ts';
import { describeSuggestions } from './branch-file.ts';

/**
 * Why emerge cannot make a tuple, from what it printed, when it was asked what it would do or when it was to do it. What the
 * configuration would have to have is in the hint, with the file of the branch where it belongs.
 */
export function explainRefusal(
  tuple: Tuple,
  command: FailedCommand,
  options: { readonly repository: string },
): Failure {
  const explained = explainEmergeFailure(command, { audience: 'site' });
  const { suggestions } = parsePretendOutput(command.lines);
  const proposed = suggestions.length > 0 ? suggestions : unmaskMasked(command.lines);
  const hint = describeSuggestions(proposed, { ...tuple.portage, ...options }) ?? explained.hint;
  return new Failure(explained.code, `${tuple.name}: ${explained.message}`, {
    hint,
    logTail: explained.relevantLines,
  });
}

/** A package that is masked in one way only, and what unmasks it; where emerge did not go on to propose it. */
function unmaskMasked(lines: readonly string[]): readonly Suggestion[] {
  const masked = lines.flatMap((line) => {
    const [, cpv, why = ''] = /^- ([^\s:]+)(?:::\S+)? \(masked by: (.+)\)$/.exec(line) ?? [];
    const unmasked = cpv === undefined ? undefined : unmask(`=${cpv}`, why);
    return unmasked === undefined ? [] : [unmasked];
  });
  const requiredBy = lines.flatMap((line) => /^\(dependency required by "([^"]+)" \[/.exec(line)?.[1] ?? []);
  // They are alternatives, the newest first: one is enough.
  return masked.slice(0, 1).map((suggestion) => ({ ...suggestion, requiredBy }));
}

function unmask(atom: string, why: string): Omit<Suggestion, 'requiredBy'> | undefined {
  if (why === 'package.mask') return { file: 'package.unmask', line: atom };
  if (why === 'missing keyword') return { file: 'package.accept_keywords', line: `${atom} **` };
  const keyword = /^(~\S+) keyword$/.exec(why)?.[1];
  if (keyword !== undefined) return { file: 'package.accept_keywords', line: `${atom} ${keyword}` };
  const licence = /^([^,]+) license\(s\)$/.exec(why)?.[1];
  return licence === undefined ? undefined : { file: 'package.license', line: `${atom} ${licence}` };
}
