import { Failure } from '../failure.ts';
import { explainEmergeFailure } from '../portage/explain/explain-failure.ts';
import type { FailedCommand } from '../portage/output/emerge-report.ts';
import type { Tuple } from '../site/site.ts';
import { describeSiteRemedy } from './remedy-words.ts';

/** Explains why emerge refuses a tuple, from its output; the hint names the files of the tuple's branch to change. */
export function explainTupleRefusal(tuple: Tuple, command: FailedCommand): Failure {
  const { code, message, remedy, relevantLines } = explainEmergeFailure(command);
  return new Failure(code, `${tuple.name}: ${message}`, {
    hint: remedy && describeSiteRemedy(remedy, tuple.portage),
    logTail: relevantLines,
  });
}
