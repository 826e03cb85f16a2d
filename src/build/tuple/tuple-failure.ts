import { Failure } from '../../failure.ts';
import type { Tuple } from '../../site/site.ts';

/** A failure that says which tuple it is of. */
export function ofTuple({ name }: Pick<Tuple, 'name'>, failure: Failure): Failure {
  const { code, message, hint, place, logTail, cause } = failure;
  return new Failure(code, `${name}: ${message}`, { hint, place, logTail, cause });
}
