import { failuresOf, type Failure } from '../../failure.ts';
import { explainRefusal } from '../../plan/explain-refusal.ts';
import type { ResolvedPackages } from '../../plan/package-pool.ts';
import { parsePretendOutput } from '../../portage/pretend-output.ts';
import type { Tuple } from '../../site/site.ts';
import { packageClosure } from '../../store/check-root.ts';
import { mendStore } from '../../store/check-store.ts';
import { findDependencies } from '../../store/dependencies.ts';
import type { StoreMount } from '../../store/portage-program.ts';
import type { BuildContainer } from '../build-container.ts';
import { readPortageSettings, type EmergeAbilities } from '../portage-settings.ts';
import { installTupleSets, pretendTuple } from './ask-portage.ts';
import { bringTool } from './bring-tool.ts';
import { inRoot } from './in-root.ts';
import { readStageListing, type Buildmaster } from './make-buildmaster.ts';
import { requestSet } from './request-set.ts';
import { placeOf } from './root-place.ts';
import { hookParts, runHook } from './run-hook.ts';
import type { SiteRun } from './site-run.ts';
import { ofTuple } from './tuple-failure.ts';

/** What Portage in a buildmaster says for tuples. */
export interface Resolution {
  readonly abilities: EmergeAbilities;
  /** In their order. */
  readonly tuples: readonly ResolvedTuple[];
}

/** What is to be done for a tuple, or why nothing can be. */
export type ResolvedTuple =
  | { readonly type: 'resolved'; readonly tuple: Tuple; readonly resolved: ResolvedPackages }
  | { readonly type: 'refused'; readonly tuple: Tuple; readonly failures: readonly Failure[] };

/**
 * Asks Portage what is to be compiled for tuples, in one container of the buildmaster that they share, in which the hook
 * `compile` has run. Their partition of the store is mended before, and then has all that the buildmaster has and the stage has not.
 */
export async function resolveTuples(
  run: SiteRun,
  tuples: readonly Tuple[],
  { name, image, partition }: Buildmaster,
): Promise<Resolution> {
  const [first] = tuples;
  if (first === undefined) throw new Error('nothing to ask Portage for');
  const place = placeOf(first);
  const root = {
    ...{ base: { name, image }, portage: first.portage, subject: first.name, step: 'resolve' },
    store: 'writable',
  } as const;
  return inRoot(run, root, async (container) => {
    const store = { engine: run.engine, container: container.id, partition, environment: place.environment };
    await sayMended(run, store);
    for (const tuple of tuples) await installTupleSets(run, container, tuple);
    await runHook(run, container, 'compile', hookParts(run.site, first, 'tuple', place.root));
    const packaged = await packageClosure(store, [], await readStageListing(run, container));
    if (packaged.length > 0)
      await run.report({ type: 'note', message: `${name}: packaged as installed: ${packaged.join(', ')}` });
    const { observable, measuresSpace, partition: hostPartition } = await readPortageSettings(run, container);
    const partitionOf = (path: string) => (first.cross && path === '/' ? hostPartition : partition);
    const answers: ResolvedTuple[] = [];
    for (const tuple of tuples) answers.push(await resolveOne(run, container, { tuple, store, partitionOf }));
    // Where packages are compiled next, all of them need it at once.
    if (run.site.ccache) await bringTool(run, container, { tuple: first, tool: 'ccache', step: 'resolve' });
    return { abilities: { observable, measuresSpace }, tuples: answers };
  });
}

/** A tuple that Portage refuses is nothing that the others would have to suffer for. */
async function resolveOne(
  run: SiteRun,
  container: BuildContainer,
  {
    tuple,
    store,
    partitionOf,
  }: {
    readonly tuple: Tuple;
    readonly store: StoreMount;
    readonly partitionOf: ResolvedPackages['partitionOf'];
  },
): Promise<ResolvedTuple> {
  try {
    const request = await requestSet(run, container, tuple);
    const answer = await pretendTuple(run, container, { tuple, request, step: 'resolve' });
    if (answer.exitStatus !== 0) {
      const failure = explainRefusal(tuple, answer, { repository: 'config/portage' });
      return { type: 'refused', tuple, failures: [failure] };
    }
    const packages = parsePretendOutput(answer.lines).packages.filter(({ action }) => action === 'merge');
    const needs = packages.length === 0 ? [] : await findDependencies(store, packages);
    return { type: 'resolved', tuple, resolved: { packages, needs, partitionOf } };
  } catch (error) {
    const failures = failuresOf(error);
    if (failures.length === 0 || run.signal.aborted) throw error;
    return { type: 'refused', tuple, failures: failures.map((failure) => ofTuple(tuple, failure)) };
  }
}

async function sayMended(run: SiteRun, store: StoreMount): Promise<void> {
  const { faults, unfit } = await mendStore(store);
  const { partition } = store;
  for (const fault of faults)
    await run.report({ type: 'warning', message: `the store's ${partition} was mended: ${fault}` });
  for (const { path, cpv, why } of unfit)
    await run.report({
      type: 'warning',
      message: `${cpv === '' ? path : cpv} is not used: ${why}`,
      hint: `it is in the store's quarantine/${partition}/${path}`,
    });
}
