import { resolvedPackages, type ResolvedPackages } from '../../plan/package-pool.ts';
import type { FailedCommand } from '../../portage/output/emerge-report.ts';
import { emergeEnvironment, englishMessages } from '../../portage/emerge-command.ts';
import { parsePretendOutput } from '../../portage/output/pretend-output.ts';
import { pretendCommand } from '../../portage/pretend-command.ts';
import { closePackageSet } from '../../site/set-closure.ts';
import { findDependencies } from '../../store/dependencies.ts';
import type { Partition } from '../../store/partition.ts';
import type { StoreMount } from '../../store/portage-program.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { readPortageSettings } from '../../emerge/portage-settings.ts';
import { endedJobFailure } from '../../job/job-failure.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { defaultTarget } from '../../container/mounts.ts';
import { runJob } from '../../job/run-job.ts';
import { configureStage } from '../configure/configure-stage.ts';
import { withRootContainer } from '../root/with-root-container.ts';
import { installSets } from '../configure/install-configuration.ts';
import type { Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { requestSet, type SetRequest } from './request-set.ts';
import type { InstalledMatch } from './resolve-set.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** The answer of `emerge --pretend` for a tuple. */
export interface PortageAnswer extends Pick<FailedCommand, 'exitStatus' | 'lines'> {
  readonly partition: Partition;
  /** The packages of the tuple's set that the container has installed. */
  readonly installed: readonly InstalledMatch[];
  /** The packages that emerge would merge, with their dependencies on each other; null if emerge refuses. */
  readonly resolved: ResolvedPackages | null;
}

/**
 * Runs `emerge --pretend` for a tuple's set in a container of the buildmaster, and removes the container afterwards. If the
 * buildmaster is missing, a container of the stage is configured as the buildmaster would be. The store is mounted read-only,
 * and no hook runs. `beforeAsking` is called as soon as the partition is known.
 */
export async function pretendTuple(
  run: SiteRun,
  work: TupleWork,
  buildmaster: Buildmaster | undefined,
  beforeAsking: (partition: Partition) => Promise<void>,
): Promise<PortageAnswer> {
  const { tuple, stage } = work;
  const base = buildmaster === undefined ? stage : { name: buildmaster.name, image: buildmaster.image };
  const root = { base, portage: tuple.portage, subject: tuple.name, step: 'plan', store: 'read-only' } as const;
  return withRootContainer(run, root, async (session) => {
    const { partition } = buildmaster ?? (await configureStage(session, work));
    await installTupleSets(run, session, work);
    const request = await requestSet(session, work);
    await beforeAsking(partition);
    const { exitStatus, lines } = await runPretend(session, { work, request, step: 'plan' });
    const resolved = exitStatus === 0 ? await resolveForPlan(session, { work, partition, lines }) : null;
    return { partition, exitStatus, lines, installed: request.own.flatMap(({ matches }) => matches), resolved };
  });
}

async function resolveForPlan(
  session: ContainerSession,
  { work, partition, lines }: { readonly work: TupleWork } & Pick<PortageAnswer, 'partition' | 'lines'>,
): Promise<ResolvedPackages> {
  const { environment } = work.location;
  const host = work.tuple.cross ? (await readPortageSettings(session)).partition : partition;
  const store = { run: session.run, partition, environment };
  return resolvePretended(store, lines, { root: partition, host });
}

/** Reads from emerge's output which packages it would merge, and from Portage's metadata how they depend on each other. */
export async function resolvePretended(
  store: StoreMount,
  lines: readonly string[],
  partitions: ResolvedPackages['partitions'],
): Promise<ResolvedPackages> {
  const packages = parsePretendOutput(lines).packages.filter(({ action }) => action === 'merge');
  const none = { needs: [], inputs: [] };
  const { needs, inputs } = packages.length === 0 ? none : await findDependencies(store, packages);
  return { packages: resolvedPackages(packages, inputs), needs, partitions };
}

/** Writes a tuple's set, and the sets that it names, into the directory in which Portage looks for sets. */
export async function installTupleSets(
  { site }: Pick<SiteRun, 'site'>,
  session: ContainerSession,
  { tuple, location }: TupleWork,
): Promise<void> {
  await installSets(session, location.configuration, closePackageSet(site, tuple).files);
}

/** Runs `emerge --pretend` for a request. Its output is returned and not reported. */
export async function runPretend(
  session: ContainerSession,
  {
    work,
    request,
    step,
  }: { readonly work: TupleWork; readonly request: SetRequest; readonly step: 'plan' | 'resolve' },
): Promise<Pick<FailedCommand, 'exitStatus' | 'lines'>> {
  const lines: string[] = [];
  const job = {
    name: `emerge-pretend-${work.tuple.name}`,
    step,
    command: underLock('shared', session, pretendCommand(request)),
    environment: {
      ...emergeEnvironment({
        observability: false,
        ownPackagesOnly: true,
        distdir: defaultTarget('distfiles'),
        logdir: session.log.directory,
      }),
      ...englishMessages,
      ...work.location.environment,
    },
    watch: false,
    silenceTimeout: undefined,
  } as const;
  // A job's result has only the last lines of the output.
  const onLine = (text: string) => void lines.push(text);
  const { exitStatus } = await runJob(session, job, onLine).catch(async (error: unknown) => {
    throw await endedJobFailure(session, { error, underWay: new Set() });
  });
  return { exitStatus, lines };
}
