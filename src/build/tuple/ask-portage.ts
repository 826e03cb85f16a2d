import type { FailedCommand } from '../../portage/emerge-report.ts';
import { emergeEnvironment } from '../../portage/emerge-command.ts';
import { pretendCommand } from '../../portage/pretend-command.ts';
import type { Tuple } from '../../site/site.ts';
import { closePackageSet } from '../../site/set-closure.ts';
import type { Partition } from '../../store/partition.ts';
import type { BuildContainer } from '../build-container.ts';
import { endedJobFailure } from '../job-failure.ts';
import { underLock } from '../job-scripts.ts';
import { defaultTarget } from '../mounts.ts';
import { runJob } from '../run-job.ts';
import { configureStage } from './configure-stage.ts';
import { inRoot } from './in-root.ts';
import { installSets } from './install-configuration.ts';
import type { Buildmaster } from './make-buildmaster.ts';
import { requestSet, type SetRequest } from './request-set.ts';
import type { InstalledMatch } from './resolve-set.ts';
import { placeOf } from './root-place.ts';
import { stageOf, type SiteRun } from './site-run.ts';

/** What emerge said that it would do for a tuple, and what it was said about. */
export interface PortageAnswer extends Pick<FailedCommand, 'exitStatus' | 'lines'> {
  readonly partition: Partition;
  /** What of the set is installed where it was asked. */
  readonly installed: readonly InstalledMatch[];
}

/**
 * Asks emerge what it would do to compile a tuple's set, in a container that is thrown away: of its buildmaster, or where
 * there is none yet of its stage, configured as that one will be. The store cannot be written there, and no hook is run.
 * `beforeAsking` is called as soon as the partition is known.
 */
export async function askPortage(
  run: SiteRun,
  tuple: Tuple,
  buildmaster: Buildmaster | undefined,
  beforeAsking: (partition: Partition) => Promise<void>,
): Promise<PortageAnswer> {
  const base = buildmaster === undefined ? stageOf(run, tuple) : { name: buildmaster.name, image: buildmaster.image };
  const root = { base, portage: tuple.portage, subject: tuple.name, step: 'plan', store: 'read-only' } as const;
  return inRoot(run, root, async (container) => {
    const { partition } = buildmaster ?? (await configureStage(run, container, tuple));
    await installTupleSets(run, container, tuple);
    const request = await requestSet(run, container, tuple);
    await beforeAsking(partition);
    const { exitStatus, lines } = await pretendTuple(run, container, { tuple, request, step: 'plan' });
    return { partition, exitStatus, lines, installed: request.own.flatMap(({ matches }) => matches) };
  });
}

/** Writes a tuple's set, with those that it names, where Portage finds it. */
export async function installTupleSets(run: SiteRun, container: BuildContainer, tuple: Tuple): Promise<void> {
  await installSets(run, container, placeOf(tuple).configuration, closePackageSet(run.site, tuple).files);
}

/** Has emerge say what it would do for a request, which is not shown besides. */
export async function pretendTuple(
  run: SiteRun,
  container: BuildContainer,
  { tuple, request, step }: { readonly tuple: Tuple; readonly request: SetRequest; readonly step: 'plan' | 'resolve' },
): Promise<Pick<FailedCommand, 'exitStatus' | 'lines'>> {
  const lines: string[] = [];
  const job = {
    name: `emerge-pretend-${tuple.name}`,
    step,
    command: underLock('shared', container.trees, pretendCommand(request)),
    environment: {
      ...emergeEnvironment({
        observability: false,
        distdir: defaultTarget('distfiles'),
        logdir: container.log.directory,
      }),
      ...placeOf(tuple).environment,
    },
    watch: false,
    silenceTimeout: undefined,
  } as const;
  // All of them, as a result has the last ones only; what they say is in the plan.
  const onLine = (text: string) => void lines.push(text);
  const { exitStatus } = await runJob(run, container, job, onLine).catch(async (error: unknown) => {
    throw await endedJobFailure(run, container, { error, underWay: new Set() });
  });
  return { exitStatus, lines };
}
