import { failuresOf, type Failure } from '../../failure.ts';
import { assemblyId, type SiteNode, type WantedTuple } from '../../plan/expand-site.ts';
import { readFailure } from '../../plan/failure-record.ts';
import type { AssembledTuple, PackageOrigin, TupleAnswer, WorkAnswer } from '../../plan/work-answer.ts';
import type { WorkOrder } from '../../plan/work-order.ts';
import type { ElogEntry } from '../../portage/output/elog.ts';
import type { Outcome, ScheduleResult } from '../../schedule/schedule.ts';
import type { Tuple } from '../../site/site.ts';
import { ofTuples } from '../run/tuple-failure.ts';

/** The result of building one tuple. */
export type TupleOutcome =
  | ({ readonly type: 'unchanged'; readonly tuple: Tuple } & Pick<AssembledTuple, 'outputs'>)
  | ({ readonly type: 'built'; readonly tuple: Tuple } & BuiltTuple)
  | {
      readonly type: 'failed';
      readonly tuple: Tuple;
      readonly failures: readonly Failure[];
      /** The messages of the packages that were compiled for the tuple, also of those that failed. */
      readonly elog: readonly ElogEntry[];
    };

/** A tuple that was built. */
export interface BuiltTuple extends AssembledTuple {
  /** The packages that its set needs and the stage lacks, in the order in which Portage would merge them. */
  readonly packages: readonly PackageOrigin[];
}

type SiteResult = ScheduleResult<WorkOrder, WorkAnswer>;
type SiteOutcome = Outcome<WorkAnswer> | undefined;

/**
 * Finds the outcome of each tuple from the outcomes of the nodes. If several tuples share a failure, the message of that
 * failure names all of them.
 */
export function collectOutcomes(wanted: readonly WantedTuple[], result: SiteResult): readonly TupleOutcome[] {
  const answers = new Map<string, TupleAnswer>();
  for (const outcome of result.outcomes.values())
    if (outcome.type === 'done' && outcome.answer.kind === 'resolve')
      for (const answer of outcome.answer.tuples) answers.set(answer.tuple, answer);
  const found = wanted.map((one) => collectOutcome(one, result, answers.get(one.tuple.name)));
  const shared = new Map<Failure, string[]>();
  for (const outcome of found)
    for (const failure of outcome.type === 'blocked' ? outcome.causes : [])
      shared.set(failure, [...(shared.get(failure) ?? []), outcome.tuple.name]);
  const named = new Map([...shared].map(([failure, names]) => [failure, ofTuples(names, failure)]));
  return found.map((outcome) =>
    outcome.type === 'blocked'
      ? {
          ...{ type: 'failed', tuple: outcome.tuple, elog: outcome.elog },
          failures: outcome.causes.flatMap((cause) => named.get(cause) ?? []),
        }
      : outcome,
  );
}

/** A tuple with a node that failed or was skipped. The failures do not name the tuple yet. */
interface BlockedTuple {
  readonly type: 'blocked';
  readonly tuple: Tuple;
  readonly causes: readonly Failure[];
  readonly elog: readonly ElogEntry[];
}

function collectOutcome(
  wanted: WantedTuple,
  result: SiteResult,
  answer: TupleAnswer | undefined,
): TupleOutcome | BlockedTuple {
  const { tuple } = wanted;
  const compiled = elogOfCompiled(wanted, result);
  if (answer?.type === 'refused')
    return { type: 'failed', tuple, failures: answer.failures.map(readFailure), elog: joinElog(compiled) };
  const assembly = result.outcomes.get(assemblyId(tuple.name));
  if (answer !== undefined && assembly?.type === 'done' && assembly.answer.kind === 'assemble') {
    const { kind: _, ...assembled } = assembly.answer;
    return {
      ...{ type: 'built', tuple, ...assembled },
      packages: answer.origins,
      elog: joinElog([...compiled, assembled.elog]),
    };
  }
  const own = result.nodes.filter((node) => isBefore(node, wanted));
  const blocking = [assembly, ...own.map(({ id }) => result.outcomes.get(id))];
  const errors = blocking.flatMap((outcome) => causesOf(outcome, result));
  const causes = [...new Set(errors.flatMap((error) => failuresOf(error)))];
  return { type: 'blocked', tuple, causes, elog: joinElog([...compiled, ...causes.map(({ elog }) => elog)]) };
}

/** The messages of the packages that this run compiled and the tuple waited for, also those for its buildmaster. */
function elogOfCompiled(wanted: WantedTuple, { nodes, outcomes }: SiteResult) {
  const needs = new Set(nodes.find(({ id }) => id === assemblyId(wanted.tuple.name))?.needs);
  return nodes.flatMap((node) => {
    const outcome = outcomes.get(node.id);
    if (!needs.has(node.id) && !isBefore(node, wanted)) return [];
    return outcome?.type === 'done' && isOfCompilation(outcome.answer) ? [outcome.answer.elog] : [];
  });
}

function isOfCompilation(answer: WorkAnswer): answer is Extract<WorkAnswer, { kind: 'buildmaster' | 'packages' }> {
  return answer.kind === 'buildmaster' || answer.kind === 'packages';
}

/** Whether a node makes the tuple's buildmaster or resolves the tuple. */
function isBefore({ order }: SiteNode, { tuple, buildmaster }: WantedTuple): boolean {
  if (order.kind === 'resolve') return order.tuples.includes(tuple.name);
  return order.kind === 'buildmaster' && order.buildmaster === buildmaster.name;
}

function causesOf(outcome: SiteOutcome, result: SiteResult): readonly unknown[] {
  if (outcome?.type === 'failed') return [outcome.error];
  if (outcome?.type !== 'skipped') return [];
  return outcome.because.flatMap((id) => causesOf(result.outcomes.get(id), result));
}

/**
 * Joins the messages and keeps each once: Portage merges a package again in each root, and the package repeats its messages.
 */
function joinElog(all: readonly (readonly ElogEntry[])[]): readonly ElogEntry[] {
  const entries = new Map<string, ElogEntry>();
  for (const entry of all.flat()) {
    const key = JSON.stringify([entry.cpv, entry.messages]);
    if (!entries.has(key)) entries.set(key, entry);
  }
  return [...entries.values()];
}
