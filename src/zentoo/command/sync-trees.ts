import { describeSiteRemedy } from '../../plan/remedy-words.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import type { FailedCommand } from '../../portage/output/emerge-report.ts';
import { emergeSyncCommand, webrsyncCommand } from '../../portage/emerge-command.ts';
import { explainSync } from '../../emerge/explain-sync.ts';
import { syncEnvironment } from '../../emerge/sync-environment.ts';
import { withTask } from '../../report/with-task.ts';
import { Failures, failuresOf, type Failure } from '../../failure.ts';
import type { SiteTree } from '../../site/site.ts';
import { endedJobFailure, jobFailure, type ExplainedFailure } from '../../job/job-failure.ts';
import { syncUnderLock } from '../../job/tree/tree-scripts.ts';
import { refusedSync } from '../../job/tree/refused-sync.ts';
import { syncLine } from '../../job/tree/sync-line.ts';
import { runJob } from '../../job/run-job.ts';
import { describeMount, type MountChoice } from '../../container/mounts.ts';
import { isOwnTree } from '../../container/tree.ts';
import { makeDefaultVolume } from '../../container/default-volumes.ts';
import { createStepTimer } from '../../job/step-timer.ts';
import { withRootContainer } from '../root/with-root-container.ts';
import { installConfiguration } from '../configure/install-configuration.ts';
import { checkLockWritable, readSiteLock, writeSiteLock } from '../run/site-lock.ts';
import { siteLabel } from '../identity/labels.ts';
import { makeSiteVolumes } from '../run/open-site-run.ts';
import { cacheMetadata } from './cache-metadata.ts';
import type { SiteRun } from '../run/site-run.ts';
import { findExistingTrees, readRevisions } from '../run/tree-revision.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** The result of syncing a tree. */
export interface SyncedTree {
  readonly repository: string;
  /** The revision before the sync; undefined if the tree was empty. */
  readonly before: string | undefined;
  readonly revision: string | undefined;
}

/**
 * Syncs every ebuild repository of a site, each under its exclusive lock, and writes their revisions to site.lock. If the sync
 * of a repository fails, its revision in site.lock stays as it is, and the other repositories are still synced. Then makes the
 * metadata caches of the trees that ship none. Throws all failures together at the end.
 */
export async function syncTrees(run: SiteRun): Promise<readonly SyncedTree[]> {
  const { directory } = run.site;
  const locked = readSiteLock(directory);
  checkLockWritable(directory);
  await makeSiteVolumes(run);
  for (const choice of run.mounts.trees.values()) await makeDefaultVolume(run, choice, { [siteLabel]: run.site.name });
  const failures: Failure[] = [];
  const failed = new Set<string>();
  for (const tree of run.site.repositories) {
    const ofTask = { ...run, report: withTask(run.report, tree.name) };
    try {
      const step = createStepTimer(run.report, tree.name);
      await step('sync', describeSync(tree), () => syncTree(ofTask, tree));
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
  await cacheMetadata(run, revisions);
  const [first, ...others] = failures;
  if (first !== undefined) throw new Failures([first, ...others]);
  return run.site.repositories.map(({ name }) => ({
    repository: name,
    before: run.revisions.get(name),
    revision: revisions.get(name),
  }));
}

async function revisionsAfter(run: SiteRun): Promise<ReadonlyMap<string, string>> {
  const image = run.anyStage?.image;
  return image === undefined ? new Map() : readRevisions(run, image, await findExistingTrees(run, run.mounts.trees));
}

function describeSync({ syncType, syncUri, autoSync }: SiteTree): string {
  if (syncType === '') return 'not synced: its repos.conf has no sync-type';
  return autoSync ? `${syncType} ${syncUri}`.trim() : 'not synced: its repos.conf has auto-sync = no';
}

/** The hint of a warning before the sync of a directory of the user. */
const otherwise =
  'to leave the tree as it is, write auto-sync = no into its section of repos.conf, or give it a volume in site.yaml (volumes: trees:)';

/** The hint of a tree that is not a repository. */
const chooseAnother =
  'write the path of the repository itself, or of an empty directory, into site.yaml (volumes: trees:); if the files are no longer needed, delete them yourself';

/** Syncs one tree in a container that has the /etc/portage of a branch with this repository. */
async function syncTree(run: SiteRun, tree: SiteTree): Promise<void> {
  if (tree.syncType === '' || !tree.autoSync) return;
  const { tuple, stage } = tupleWith(run, tree);
  const location = tuple.portage.repositories.find(({ name }) => name === tree.name)?.location;
  if (location === undefined) return;
  const root = { base: stage, portage: tuple.portage, subject: tree.name, step: 'sync' } as const;
  await withRootContainer(run, { ...root, store: 'absent', trees: 'writable' }, async (session) => {
    await installConfiguration(session, {
      directory: '/etc/portage',
      entries: tuple.portage.entries,
      cpu: tuple.cpu,
      variables: {},
    });
    const isFirst = !run.revisions.has(tree.name);
    // A snapshot is a smaller load for the mirrors than a first rsync; snapshots exist for the main repository only.
    const fromSnapshot = isFirst && tree.syncType === 'rsync' && tree.name === 'gentoo';
    const command = fromSnapshot
      ? webrsyncCommand({ quiet: true })
      : emergeSyncCommand({ quiet: true, repository: tree.name });
    const choice = run.mounts.trees.get(tree.name);
    const isUserDirectory = choice?.type === 'bind';
    const leftovers = await leftoversOf(run, choice);
    const job = {
      name: 'sync',
      step: 'sync',
      command: syncUnderLock(session, location, { command, maxAge: 0, leftovers, isUserDirectory }),
      environment: syncEnvironment(session),
      watch: false,
      silenceTimeout: undefined,
    } as const;
    const onLine = (text: string) => run.report(syncLine(text, otherwise));
    const result = await runJob(session, job, onLine).catch(async (error: unknown) => {
      throw await endedJobFailure(session, { error, underWay: new Set() });
    });
    if (result.exitStatus !== 0) {
      const place = choice === undefined ? location : describeMount(choice);
      const refused = refusedSync(result.lines, place, chooseAnother);
      throw jobFailure(session, refused ?? (await explainSiteSync(session, location, { result, tuple })), result);
    }
  });
}

async function explainSiteSync(
  session: ContainerSession,
  location: string,
  { result, tuple }: { readonly result: FailedCommand; readonly tuple: TupleWork['tuple'] },
): Promise<ExplainedFailure> {
  const { code, message, remedy } = await explainSync(session, location, result);
  return { code, message, hint: remedy && describeSiteRemedy(remedy, tuple.portage) };
}

/** Only a volume that zentoo made is ever emptied; all other trees belong to the user. */
async function leftoversOf({ engine }: SiteRun, choice: MountChoice | undefined): Promise<'delete' | 'refuse'> {
  const volume = choice?.type === 'volume' ? await engine.inspectVolume(choice.source) : undefined;
  return isOwnTree(volume) ? 'delete' : 'refuse';
}

function tupleWith({ tuples }: SiteRun, { name }: SiteTree): TupleWork {
  const work = tuples.find(({ tuple }) => tuple.portage.repositories.some((repository) => repository.name === name));
  if (work === undefined) throw new Error(`no tuple's branch names the repository ${name}`);
  return work;
}
