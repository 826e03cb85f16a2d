import { emergeEnvironment, syncCommand, webrsyncCommand } from '../../portage/emerge-command.ts';
import { explainSyncFailure } from '../../portage/explain-sync-failure.ts';
import { withTask } from '../../report/with-task.ts';
import { Failures, failuresOf, type Failure } from '../../failure.ts';
import type { SiteTree, Tuple } from '../../site/site.ts';
import { endedJobFailure, jobFailure } from '../job-failure.ts';
import { syncUnderLock } from '../job-scripts.ts';
import { runJob } from '../run-job.ts';
import { makeDefaultVolume } from '../start-build-container.ts';
import { createStepTimer } from '../step-timer.ts';
import { inRoot } from './in-root.ts';
import { installConfiguration } from './install-configuration.ts';
import { checkLockWritable, readSiteLock, writeSiteLock } from './site-lock.ts';
import { makeSiteVolumes } from './open-site-run.ts';
import { stageOf, type SiteRun } from './site-run.ts';
import { findTrees, readRevisions } from './tree-revision.ts';

/** What a sync did to a tree. */
export interface SyncedTree {
  readonly repository: string;
  /** Undefined where there was none. */
  readonly before: string | undefined;
  readonly revision: string | undefined;
}

/**
 * Syncs every ebuild repository of a site, each under its exclusive lock, and writes what they are at to its lock file.
 * One that fails does not stop the others and stays what it was in that file; the failures of all are thrown in the end.
 */
export async function syncTrees(run: SiteRun): Promise<readonly SyncedTree[]> {
  const { directory } = run.site;
  const locked = readSiteLock(directory);
  checkLockWritable(directory);
  await makeSiteVolumes(run);
  for (const choice of run.mounts.trees.values()) await makeDefaultVolume(run, choice);
  const failures: Failure[] = [];
  const failed = new Set<string>();
  for (const tree of run.site.repositories) {
    const ofTask = { ...run, report: withTask(run.report, tree.name) };
    try {
      await createStepTimer(run.report, tree.name)('sync', describeSync(tree), syncTree, ofTask, tree);
    } catch (error) {
      const known = failuresOf(error);
      if (known.length === 0 || run.signal.aborted) throw error;
      failures.push(...known);
      failed.add(tree.name);
    }
  }
  const revisions = await revisionsAfter(run);
  const next = run.site.repositories.flatMap(({ name }) => {
    const revision = failed.has(name) ? locked.get(name) : (revisions.get(name) ?? locked.get(name));
    return revision === undefined ? [] : [[name, revision] as const];
  });
  writeSiteLock(directory, new Map(next));
  const [first, ...others] = failures;
  if (first !== undefined) throw new Failures([first, ...others]);
  return run.site.repositories.map(({ name }) => ({
    repository: name,
    before: run.revisions.get(name),
    revision: revisions.get(name),
  }));
}

async function revisionsAfter(run: SiteRun): Promise<ReadonlyMap<string, string>> {
  const image = [...run.stages.values()][0]?.image;
  return image === undefined ? new Map() : readRevisions(run, image, await findTrees(run, run.mounts.trees));
}

function describeSync({ syncType, syncUri, autoSync }: SiteTree): string {
  if (syncType === '') return 'not synced: its repos.conf has no sync-type';
  return autoSync ? `${syncType} ${syncUri}`.trim() : 'not synced: its repos.conf has auto-sync = no';
}

/** Syncs one tree in a container with the /etc/portage of a branch that names it. */
async function syncTree(run: SiteRun, tree: SiteTree): Promise<void> {
  if (tree.syncType === '' || !tree.autoSync) return;
  const tuple = tupleWith(run, tree);
  const location = tuple.portage.repositories.find(({ name }) => name === tree.name)?.location;
  if (location === undefined) return;
  const root = { base: stageOf(run, tuple), portage: tuple.portage, subject: tree.name, step: 'sync' } as const;
  await inRoot(run, { ...root, store: 'absent', trees: 'writable' }, async (container) => {
    await installConfiguration(run, container, {
      directory: '/etc/portage',
      entries: tuple.portage.entries,
      cpu: tuple.cpu,
      variables: {},
    });
    const isFirst = !run.revisions.has(tree.name);
    // A snapshot spares the mirrors; there is one of the main repository alone.
    const fromSnapshot = isFirst && tree.syncType === 'rsync' && tree.name === 'gentoo';
    const command = fromSnapshot
      ? webrsyncCommand({ quiet: true })
      : syncCommand({ quiet: true, repository: tree.name });
    const job = {
      name: 'sync',
      step: 'sync',
      command: syncUnderLock(location, { command, maxAge: 0, isOurs: true }),
      environment: emergeEnvironment({ logdir: container.log.directory }),
      watch: false,
      silenceTimeout: undefined,
    } as const;
    const onLine = (text: string) => run.report({ type: 'line', step: 'sync', text });
    const result = await runJob(run, container, job, onLine).catch(async (error: unknown) => {
      throw await endedJobFailure(run, container, { error, underWay: new Set() });
    });
    if (result.exitStatus !== 0) throw jobFailure(container, explainSyncFailure(result, 'site'), result);
  });
}

function tupleWith({ site }: SiteRun, { name }: SiteTree): Tuple {
  const tuple = site.tuples.find(({ portage }) => portage.repositories.some((repository) => repository.name === name));
  if (tuple === undefined) throw new Error(`no tuple's branch names the repository ${name}`);
  return tuple;
}
