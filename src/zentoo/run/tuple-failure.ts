import type { Failure } from '../../failure.ts';
import type { Tuple } from '../../site/site.ts';

const mostNamed = 3;

/** The same failure, with the tuple's name before its message. */
export function ofTuple({ name }: Pick<Tuple, 'name'>, failure: Failure): Failure {
  return ofTuples([name], failure);
}

/** The same failure, with the names of the tuples before its message; of many tuples, the first three. */
export function ofTuples(names: readonly string[], failure: Failure): Failure {
  const others = names.length - mostNamed;
  const named = names.slice(0, others > 1 ? mostNamed : names.length).join(', ');
  const whose = others > 1 ? `${named} and ${others} more` : named;
  return failure.with({ message: `${whose}: ${failure.message}` });
}
