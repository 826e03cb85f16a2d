import { growGraph, type SiteNode, type WantedTuple } from './expand-site.ts';
import type { ResolvedPackages } from './package-pool.ts';
import type { TupleAnswer } from './work-answer.ts';

/**
 * Predicts the graph that a build of these tuples would run. `resolved` has Portage's answers by the names of tuples. A tuple
 * without an answer gets no packages and no assembly, like a tuple that Portage refuses.
 */
export function predictGraph(
  wanted: readonly WantedTuple[],
  resolved: ReadonlyMap<string, ResolvedPackages>,
): readonly SiteNode[] {
  const { nodes, expand } = growGraph(wanted, () => undefined);
  const added = nodes.flatMap(({ order }) => {
    if (order.kind !== 'resolve') return [];
    const tuples = order.tuples.flatMap((tuple): readonly TupleAnswer[] => {
      const answer = resolved.get(tuple);
      return answer === undefined ? [] : [{ type: 'resolved', tuple, resolved: answer, origins: [] }];
    });
    // The abilities do not matter here: only the emerge of a build uses them.
    const abilities = { observable: false, measuresSpace: false };
    return expand(order, { kind: 'resolve', abilities, tuples });
  });
  return [...nodes, ...added];
}
