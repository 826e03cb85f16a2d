import { Failure } from '../failure.ts';
import { explainEmergeFailure } from '../portage/explain/explain-failure.ts';
import type { FailedCommand } from '../portage/output/emerge-report.ts';
import type { Tuple } from '../site/site.ts';
import { describeSiteRemedy } from './remedy-words.ts';

/**
 * Explains why emerge refuses a tuple, from its output; the hint names the files of the tuple's branch to change. If the set of the
 * tuple names what emerge could not find, the message has the position.
 */
export function explainTupleRefusal(tuple: Tuple, command: FailedCommand): Failure {
  const { code, message, object, remedy, relevantLines } = explainEmergeFailure(command);
  const { atoms, places } = tuple.packages;
  const place = places[atoms.findIndex((atom) => atom === object)];
  const where = place === undefined ? '' : ` (${place.file}:${place.line}:${place.column})`;
  return new Failure(code, `${tuple.name}: ${message}${where}`, {
    hint: remedy && describeSiteRemedy(remedy, tuple.portage),
    logTail: relevantLines,
    place,
  });
}
