import { failuresOf } from '../../failure.ts';
import { explainTupleRefusal } from '../../plan/explain-tuple-refusal.ts';
import { recordFailure } from '../../plan/failure-record.ts';
import { findOrigins } from '../../plan/package-origins.ts';
import type { ResolvedPackages } from '../../plan/package-pool.ts';
import type { TupleAnswer } from '../../plan/work-answer.ts';
import { parsePretendOutput } from '../../portage/output/pretend-output.ts';
import { packageClosure } from '../../store/check-root.ts';
import { glanceAtStore, type MendOptions, type StoreCheck } from '../../store/check-store.ts';
import { indexStaging } from '../../store/intake/staging.ts';
import { storeBesideStaging } from '../../store/store-directory.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import type { StoreMount } from '../../store/portage-program.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { mendPartition } from '../../emerge/mend-partition.ts';
import { readPortageSettings } from '../../emerge/portage-settings.ts';
import type { EmergeAbilities } from '../../portage/emerge-abilities.ts';
import { installTupleSets, resolvePretended, runPretend } from './pretend-tuple.ts';
import { installTool } from '../root/install-tool.ts';
import { withRootContainer, withStoreWriter } from '../root/with-root-container.ts';
import { readStageListing, type Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { requestSet } from './request-set.ts';
import { hookVariables, runHook } from '../root/run-hook.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';
import { ofTuple } from '../run/tuple-failure.ts';

/** The answer of a buildmaster's Portage about tuples. */
export interface Resolution {
  readonly abilities: EmergeAbilities;
  /** One answer per tuple, in the tuples' sequence. */
  readonly tuples: readonly TupleAnswer[];
}

/**
 * Asks Portage which packages tuples need, in one container of the buildmaster that they share. First repairs the tuples'
 * partition of the store, runs the hook `compile`, and makes binary packages of the packages that are installed in the
 * buildmaster and not in the stage.
 */
export async function resolveTuples(
  run: SiteRun,
  works: readonly TupleWork[],
  { name, image, partition }: Buildmaster,
): Promise<Resolution> {
  const [first] = works;
  if (first === undefined) throw new Error('the resolve order names no tuple');
  const { tuple, location } = first;
  const root = {
    ...{ base: { name, image }, portage: tuple.portage, subject: tuple.name, step: 'resolve' },
    store: 'staged',
  } as const;
  return withRootContainer(run, root, async (session, staged) => {
    const store = { run: session.run, partition, environment: location.environment };
    await mendIfNeeded(run, session, first, { name, image, partition });
    for (const work of works) await installTupleSets(run, session, work);
    const ran = await runHook(session, 'compile', hookVariables(run.site, tuple, 'tuple', location.root));
    if (ran) await staged.expectStaged(store);
    const packaged = await packageClosure(store, [], await readStageListing(session));
    staged.expect(
      store,
      packaged.map((cpv) => ({ cpv, anyFlags: true })),
    );
    if (packaged.length > 0)
      await run.report({
        type: 'note',
        message: `${name}: made binary packages of installed packages: ${packaged.join(', ')}`,
      });
    const { observable, measuresSpace, partition: host } = await readPortageSettings(session);
    const partitions = { root: partition, host: tuple.cross ? host : partition };
    const answers: TupleAnswer[] = [];
    for (const work of works) answers.push(await resolveOne(run, session, { work, store, partitions }));
    // ccache is installed here once: otherwise all containers that compile packages would install it at the same time.
    const intake = { packages: staged, partition };
    if (run.site.ccache) await installTool(session, { work: first, tool: 'ccache', step: 'resolve', intake });
    return { abilities: { observable, measuresSpace }, tuples: answers };
  });
}

/** Repairs a partition if it is not in order. The session has it read-only, so another container does it. */
async function mendIfNeeded(
  run: SiteRun,
  session: ContainerSession,
  work: TupleWork,
  buildmaster: Buildmaster,
): Promise<void> {
  const ask: StoreMount['run'] = (request) =>
    session.run({ ...request, command: underLock('shared', session, request.command) });
  const { environment } = work.location;
  const { partition } = buildmaster;
  if ((await glanceAtStore({ run: ask, partition, environment, directory: storeBesideStaging })).isInOrder) return;
  await mendTuplePartition(run, work, buildmaster);
  await indexStaging(session);
}

/** Repairs the partition of a tuple in a container of its buildmaster. */
export async function mendTuplePartition(
  run: SiteRun,
  { tuple, location }: TupleWork,
  { name, image, partition }: Buildmaster,
  options: MendOptions = {},
): Promise<StoreCheck> {
  const root = {
    ...{ base: { name, image }, portage: tuple.portage, subject: tuple.name, step: 'mend' },
  };
  return withStoreWriter(run, root, (session) =>
    mendPartition(session, { partition, environment: location.environment }, options),
  );
}

interface OneTuple {
  readonly work: TupleWork;
  readonly store: StoreMount;
  readonly partitions: ResolvedPackages['partitions'];
}

/** Resolves one tuple. A refusal is an answer, so that the other tuples are still resolved. */
async function resolveOne(
  run: SiteRun,
  session: ContainerSession,
  { work, store, partitions }: OneTuple,
): Promise<TupleAnswer> {
  const { tuple } = work;
  try {
    const request = await requestSet(session, work);
    const said = await runPretend(session, { work, request, step: 'resolve' });
    if (said.exitStatus !== 0) {
      const failure = explainTupleRefusal(tuple, said);
      return { type: 'refused', tuple: tuple.name, failures: [recordFailure(failure)] };
    }
    const pretended = parsePretendOutput(said.lines);
    const resolved = await resolvePretended(store, said.lines, partitions);
    return { type: 'resolved', tuple: tuple.name, resolved, origins: findOrigins(pretended) };
  } catch (error) {
    const failures = failuresOf(error);
    if (failures.length === 0 || run.signal.aborted) throw error;
    const named = failures.map((failure) => recordFailure(ofTuple(tuple, failure)));
    return { type: 'refused', tuple: tuple.name, failures: named };
  }
}
