import { assemblyId, type SiteNode } from '../../plan/expand-site.ts';
import type { PackagePlan, TuplePlan } from '../../plan/plan.ts';
import { findHopeless, type FailureNote } from '../../record/failed-packages.ts';
import { ofTuple } from '../run/tuple-failure.ts';
import { describeHopeless, hopelessFailure, isChosen, retryOption, type Retry } from './failure-notes.ts';

/** The nodes of a plan's graph that a build would not run. */
export interface BlockedNodes {
  /** The note of each hopeless package, by the id of the package's node. */
  readonly hopeless: ReadonlyMap<string, FailureNote>;
  /** For each node that needs a hopeless package: the id of the hopeless package's node, by the id of the node that needs it. */
  readonly needing: ReadonlyMap<string, string>;
}

/** Finds the packages of a graph that a build with `retry` would not compile. */
export function findBlocked(
  graph: readonly SiteNode[],
  notes: readonly FailureNote[],
  retry: Retry,
  now = Date.now(),
): BlockedNodes {
  const packages = graph.filter(({ order }) => order.kind === 'packages');
  const hopeless = new Map(
    packages.flatMap(({ id, order }) => {
      const note = order.kind === 'packages' ? findHopeless(notes, order, now) : undefined;
      return note === undefined || isChosen(note, retry) ? [] : [[id, note] as const];
    }),
  );
  const needing = packages.flatMap(({ id, needs }) => {
    const cause = hopeless.has(id) ? undefined : needs.find((need) => hopeless.has(need));
    return cause === undefined ? [] : [[id, cause] as const];
  });
  return { hopeless, needing: new Map(needing) };
}

/**
 * Adds to a tuple's plan that a build would not compile some of its packages, and would therefore fail: the failure is that of the
 * first hopeless package.
 */
export function blockTuple(plan: TuplePlan, graph: readonly SiteNode[], blocked: BlockedNodes): TuplePlan {
  const assembly = graph.find(({ id }) => id === assemblyId(plan.tuple.name));
  const needs = graph.filter(({ id }) => assembly?.needs.includes(id));
  const reasons = new Map(
    needs.flatMap(({ id, order }) => {
      const why = reasonOf(id, blocked);
      if (why === undefined || order.kind !== 'packages') return [];
      return order.packages.map(({ cpv }) => [cpv, why] as const);
    }),
  );
  const [first] = needs.flatMap(({ id }) => blocked.hopeless.get(id) ?? []);
  if (first === undefined) return plan;
  const packages = plan.packages.map((one) => blockPackage(one, reasons.get(one.cpv)));
  return { ...plan, packages, failure: ofTuple(plan.tuple, hopelessFailure(first)) };
}

function reasonOf(id: string, { hopeless, needing }: BlockedNodes): string | undefined {
  const note = hopeless.get(id);
  if (note !== undefined) return `${describeHopeless(note)}; try again with ${retryOption(note)}`;
  const cause = hopeless.get(needing.get(id) ?? '');
  return cause === undefined ? undefined : `it needs ${cause.packages.join(', ')}, which is not tried again`;
}

function blockPackage(plan: PackagePlan, why: string | undefined): PackagePlan {
  return why === undefined || plan.action !== 'compile' ? plan : { ...plan, action: 'fail', why };
}
