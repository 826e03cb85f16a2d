import { createHash } from 'node:crypto';
import { lookInto } from '../../container/look-into.ts';
import { defaultTarget, describeMount, mountAt } from '../../container/mounts.ts';
import type { Probe } from '../../container/probe.ts';
import { updateMetadataCommand } from '../../emerge/metadata-cache.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import { failuresOf, type Failure } from '../../failure.ts';
import { endedJobFailure } from '../../job/job-failure.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { runJob } from '../../job/run-job.ts';
import { createStepTimer } from '../../job/step-timer.ts';
import { emergeEnvironment } from '../../portage/emerge-command.ts';
import { withTask } from '../../report/with-task.ts';
import { installConfiguration } from '../configure/install-configuration.ts';
import { withRootContainer } from '../root/with-root-container.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** An ebuild repository as the tuples of a branch see it. */
interface View {
  readonly name: string;
  /** The directory of its tree in a root: Portage's cache has the metadata below this path. */
  readonly location: string;
  readonly work: TupleWork;
  /** Identifies the contents of the cache: the repository, the trees that its ebuilds may inherit from, and Portage. */
  readonly stamp: string;
}

/** The mount point of the metadata cache in a probe. */
const cachePlace = '/mnt/metadata';

/**
 * Writes the metadata of the ebuilds of each tree that ships no metadata cache, once per revision: otherwise each emerge in a new
 * container sources them again. Containers mount the result read-only. A failure is a warning, because emerge does without.
 *
 * @param revisions the revisions of the trees that exist, by the names of the repositories
 */
export async function cacheMetadata(run: SiteRun, revisions: ReadonlyMap<string, string>): Promise<void> {
  for (const view of await findUncached(run, viewsOf(run, revisions))) {
    const ofTask = { ...run, report: withTask(run.report, view.name) };
    const step = createStepTimer(run.report, view.name);
    const why = await step('metadata', 'its tree has no metadata cache', () => updateMetadata(ofTask, view));
    if (why !== undefined) await ofTask.report(describeFault(run, view, why));
  }
}

function viewsOf({ tuples }: SiteRun, revisions: ReadonlyMap<string, string>): readonly View[] {
  const views = new Map<string, View>();
  for (const work of tuples) {
    const { repositories } = work.tuple.portage;
    const inputs = repositories.map(({ name, location }) => [name, location, revisions.get(name)]);
    for (const { name, location } of repositories) {
      const key = `${name} ${location}`;
      const stamp = createHash('sha256')
        .update(JSON.stringify([work.stage.image?.id, inputs]))
        .digest('hex');
      if (revisions.has(name) && !views.has(key)) views.set(key, { name, location, work, stamp });
    }
  }
  return [...views.values()];
}

/** Finds the trees that have neither a metadata cache of their own nor one of this revision. Starts no container. */
async function findUncached(run: SiteRun, views: readonly View[]): Promise<readonly View[]> {
  const { anyStage, mounts } = run;
  if (anyStage === undefined || views.length === 0) return [];
  const placed = views.map((view, index) => ({ view, place: `/mnt/${index}` }));
  const ofTrees = placed.flatMap(({ view, place }) => {
    const choice = mounts.trees.get(view.name);
    return choice === undefined ? [] : [{ ...mountAt(choice, place), readOnly: true }];
  });
  const all = [...ofTrees, { ...mountAt(mounts.metadata, cachePlace), readOnly: true }];
  return lookInto(run, { image: anyStage.image.id, mounts: all }, async (probe) => {
    const looked = await Promise.all(placed.map(async (one) => ((await isCached(probe, one)) ? [] : [one.view])));
    return looked.flat();
  });
}

async function isCached(
  probe: Probe,
  { view, place }: { readonly view: View; readonly place: string },
): Promise<boolean> {
  const shipped = ['md5-cache', 'cache'].map((directory) => probe.exists(`${place}/metadata/${directory}`));
  if ((await Promise.all(shipped)).includes(true)) return true;
  if ((await probe.readText(`${cachePlace}/${markOf(view)}`))?.trim() !== view.stamp) return false;
  // If something else is there, Portage reads no metadata, whatever the mark says.
  return isDirectory(probe, `${cachePlace}${view.location}`);
}

async function isDirectory(probe: Probe, path: string): Promise<boolean> {
  try {
    return (await probe.stat(path))?.kind === 'directory';
  } catch (error) {
    // The engine refuses a path below a file.
    if (error instanceof EngineRefusal) return false;
    throw error;
  }
}

/** The file with the stamp of a view's metadata. Portage ignores files beside its directories. */
const markOf = ({ name, location }: View): string => `.zentoo/${encodeURIComponent(`${name} ${location}`)}`;

/** Returns the reason why the metadata was not written; undefined if it was. */
async function updateMetadata(run: SiteRun, view: View): Promise<string | undefined> {
  const { tuple, stage } = view.work;
  const root = { base: stage, portage: tuple.portage, subject: view.name, step: 'metadata' } as const;
  try {
    return await withRootContainer(run, { ...root, store: 'absent', metadata: 'writable' }, async (session) => {
      const { entries } = tuple.portage;
      await installConfiguration(session, { directory: '/etc/portage', entries, cpu: tuple.cpu, variables: {} });
      const mark = `${defaultTarget('metadata')}/${markOf(view)}`;
      const job = {
        name: 'metadata',
        step: 'metadata',
        command: underLock('shared', session, updateMetadataCommand(view, mark, view.stamp)),
        environment: emergeEnvironment({ logdir: session.log.directory }),
        watch: false,
        silenceTimeout: undefined,
      } as const;
      const onLine = (text: string) => run.report({ type: 'line', step: 'metadata', text });
      const { exitStatus, lines } = await runJob(session, job, onLine).catch(async (error: unknown) => {
        throw await endedJobFailure(session, { error, underWay: new Set() });
      });
      return exitStatus === 0
        ? undefined
        : `egencache ended with ${exitStatus}: ${lines.at(-1) ?? 'it printed nothing'}`;
    });
  } catch (error) {
    const known: readonly Failure[] = failuresOf(error);
    if (known[0] === undefined || run.signal.aborted) throw error;
    return known[0].message;
  }
}

function describeFault({ mounts }: SiteRun, { name }: View, why: string) {
  const volume = mounts.metadata.source;
  return {
    type: 'warning',
    message: `the metadata of the ebuild repository ${name} was not cached in ${describeMount(mounts.metadata)}: ${why}`,
    hint: `each emerge sources the ebuilds again, which takes time; to begin with an empty cache: docker volume rm ${volume}`,
  } as const;
}
