import { addElog } from '../../emerge/read-elog.ts';
import { failuresOf } from '../../failure.ts';
import { growGraph } from '../../plan/expand-site.ts';
import type { WorkAnswer } from '../../plan/work-answer.ts';
import type { OrderOf, WorkOrder } from '../../plan/work-order.ts';
import { runSchedule } from '../../schedule/schedule.ts';
import type { Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { mendTuplePartition } from '../compile/resolve-tuples.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** The answer to an order that assembles a tuple. */
export type AssemblyAnswer = Extract<WorkAnswer, { readonly kind: 'assemble' }>;

/**
 * Repairs a tuple's partition of the store after a step found a damaged package. Reads all files, because the damaged one has
 * not changed since the check before the build. Returns whether there was something to repair.
 */
export async function repairStore(run: SiteRun, work: TupleWork, buildmaster: Buildmaster): Promise<boolean> {
  const { faults, unfit } = await mendTuplePartition(run, work, buildmaster, { readAll: true });
  return faults.length + unfit.length > 0;
}

/**
 * Builds one tuple again after its store was repaired: the orders of a build, in sequence, from the question which packages
 * the tuple lacks to its assembly. Returns the answer of the assembly, with the messages of the packages that were compiled;
 * undefined if Portage refuses the tuple. Throws the error of the first order that fails.
 */
export async function rebuildTuple(
  { tuple, fingerprint }: Pick<TupleWork, 'tuple' | 'fingerprint'>,
  { buildmaster: name, outputs }: OrderOf<'assemble'>,
  execute: (order: WorkOrder) => Promise<WorkAnswer>,
  signal: AbortSignal,
): Promise<AssemblyAnswer | undefined> {
  const wanted = { tuple: { ...tuple, outputs }, fingerprint, buildmaster: { name, isThere: true } };
  const { nodes, expand } = growGraph([wanted], () => undefined);
  const { outcomes } = await runSchedule(nodes, { jobs: 1, executor: { execute }, expand, signal });
  const answers = [...outcomes.values()].flatMap((outcome) => (outcome.type === 'done' ? [outcome.answer] : []));
  const assembly = answers.find((answer) => answer.kind === 'assemble');
  const compiled = answers.flatMap((answer) => (answer.kind === 'packages' ? answer.elog : []));
  for (const outcome of outcomes.values())
    if (outcome.type === 'failed')
      throw addElog(outcome.error, [...compiled, ...failuresOf(outcome.error).flatMap(({ elog }) => elog)]);
  return assembly && { ...assembly, elog: [...compiled, ...assembly.elog] };
}
