import { failuresOf, type Failure } from '../../failure.ts';
import type { SiteNode, WantedTuple } from '../../plan/site-work.ts';
import type { ElogEntry } from '../../portage/elog.ts';
import type { Outcome } from '../../schedule/schedule.ts';
import type { Tuple } from '../../site/site.ts';
import type { AssembledTuple } from './assemble-tuple.ts';
import type { SiteResult, TupleResolution } from './local-executor.ts';
import { ofTuples } from './tuple-failure.ts';

/** What came of one tuple. */
export type TupleOutcome =
  | ({ readonly type: 'unchanged'; readonly tuple: Tuple } & Pick<AssembledTuple, 'image' | 'archive'>)
  | ({ readonly type: 'built'; readonly tuple: Tuple } & BuiltTuple)
  | { readonly type: 'failed'; readonly tuple: Tuple; readonly failures: readonly Failure[] };

/** What a tuple was made of. */
export interface BuiltTuple extends AssembledTuple {
  /** What its set needed that the stage has not, compiled or from the store: `category/name-version` each, sorted. */
  readonly merged: readonly string[];
  /** What of that was compiled in this run, for this tuple or for another. */
  readonly compiled: readonly string[];
}

type Outcomes = ReadonlyMap<string, Outcome<SiteResult>>;

/** What came of tuples, by what became of the nodes; a failure that several of them have is one, and names them all. */
export function judgeOutcomes(
  wanted: readonly WantedTuple[],
  begin: readonly SiteNode[],
  outcomes: Outcomes,
): readonly TupleOutcome[] {
  const resolutions = new Map<string, TupleResolution>();
  for (const outcome of outcomes.values())
    if (outcome.type === 'done' && outcome.result.kind === 'resolve')
      for (const [name, resolution] of outcome.result.tuples) resolutions.set(name, resolution);
  const found = wanted.map((one) => judgeOutcome(one, begin, outcomes, resolutions.get(one.tuple.name)));
  const shared = new Map<Failure, string[]>();
  for (const outcome of found)
    for (const failure of outcome.type === 'blocked' ? outcome.causes : [])
      shared.set(failure, [...(shared.get(failure) ?? []), outcome.tuple.name]);
  const named = new Map([...shared].map(([failure, names]) => [failure, ofTuples(names, failure)]));
  return found.map((outcome) =>
    outcome.type === 'blocked'
      ? { type: 'failed', tuple: outcome.tuple, failures: outcome.causes.flatMap((cause) => named.get(cause) ?? []) }
      : outcome,
  );
}

/** A tuple whose nodes failed, or were not begun because of others, whose failures do not name it yet. */
interface BlockedTuple {
  readonly type: 'blocked';
  readonly tuple: Tuple;
  readonly causes: readonly Failure[];
}

function judgeOutcome(
  { tuple, buildmaster }: WantedTuple,
  begin: readonly SiteNode[],
  outcomes: Outcomes,
  resolution: TupleResolution | undefined,
): TupleOutcome | BlockedTuple {
  if (resolution?.type === 'refused') return { type: 'failed', tuple, failures: resolution.failures };
  const assembly = outcomes.get(`assemble ${tuple.name}`);
  if (resolution !== undefined && assembly?.type === 'done' && assembly.result.kind === 'assemble') {
    const results = resolution.waitsFor.flatMap((id) => {
      const outcome = outcomes.get(id);
      return outcome?.type === 'done' && outcome.result.kind === 'packages' ? [outcome.result] : [];
    });
    const compiled = results.flatMap(({ cpvs }) => cpvs).toSorted();
    const elog = joinElog([...results.map((result) => result.elog), assembly.result.elog]);
    const { kind: _, ...assembled } = assembly.result;
    return { type: 'built', tuple, ...assembled, merged: resolution.merged, compiled, elog };
  }
  const own = begin.filter(({ work }) =>
    work.kind === 'resolve'
      ? work.tuples.some((one) => one.tuple === tuple)
      : work.kind === 'buildmaster' && work.name === buildmaster.name,
  );
  const blocking = [assembly, ...own.map(({ id }) => outcomes.get(id))];
  const causes = blocking.flatMap((outcome) => causesOf(outcome, outcomes)).flatMap((error) => failuresOf(error));
  return { type: 'blocked', tuple, causes: [...new Set(causes)] };
}

function causesOf(outcome: Outcome<SiteResult> | undefined, outcomes: Outcomes): readonly unknown[] {
  if (outcome?.type === 'failed') return [outcome.error];
  if (outcome?.type !== 'skipped') return [];
  return outcome.because.flatMap((id) => causesOf(outcomes.get(id), outcomes));
}

/** What packages had to say, each once: they are merged more often than that. */
function joinElog(all: readonly (readonly ElogEntry[])[]): readonly ElogEntry[] {
  const entries = new Map<string, ElogEntry>();
  for (const entry of all.flat()) {
    const key = JSON.stringify([entry.cpv, entry.messages]);
    if (!entries.has(key)) entries.set(key, entry);
  }
  return [...entries.values()];
}
