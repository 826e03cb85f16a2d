import { emergeSyncCommand, webrsyncCommand } from '../portage/emerge-command.ts';
import { explainSync } from '../emerge/explain-sync.ts';
import { syncEnvironment } from '../emerge/sync-environment.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { describeMount } from '../container/mounts.ts';
import { syncMaxAge, type BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import { endedJobFailure, jobFailure } from '../job/job-failure.ts';
import { metadataWarning, withMetadataCache } from '../emerge/metadata-cache.ts';
import { syncUnderLock } from '../job/tree/tree-scripts.ts';
import { refusedSync } from '../job/tree/refused-sync.ts';
import { syncLine } from '../job/tree/sync-line.ts';
import { readPortageSettings, type PortageSettings } from '../emerge/portage-settings.ts';
import { runJob } from '../job/run-job.ts';
import { describeBuilderRemedy } from './remedy-words.ts';

const quiet = { quiet: true };

/** The hint of a warning before the sync of a directory of the user. */
const otherwise = 'to leave the tree as it is, build with --no-sync, or let the build use a separate volume';

/** The hint of a tree that is not a repository. */
const chooseAnother =
  'name the repository itself, or an empty directory together with --create-tree: --tree VOLUME|PATH';

/** The result of a sync. */
export interface SyncResult {
  /** The tree's stamp after the sync; undefined if the tree has none, or if the request has no sync. */
  readonly treeStamp: string | undefined;
  /** Portage's settings, if they were read and the sync did not change the tree. */
  readonly settings: PortageSettings | undefined;
}

/**
 * Syncs the tree under an exclusive lock: no other build uses the tree meanwhile. If the tree is empty and its sync type is
 * rsync, the tree is filled from a snapshot, because a first rsync of a whole tree is a heavy load for a mirror. A tree that
 * was synced recently (`syncMaxAge`) stays as it is. Portage's settings are read at the same time; they are dropped if the sync
 * changed the tree.
 */
export async function syncRepository(
  request: BuildRequest,
  ready: Preconditions,
  session: ContainerSession,
): Promise<SyncResult> {
  if (!request.sync) return { settings: undefined, treeStamp: undefined };
  const { report } = session;
  const syncType = ready.system?.repository.syncType ?? '';
  const filled = ready.treeState === 'filled';
  const fromSnapshot = !filled && syncType === 'rsync';
  if (ready.treeState === 'empty' || ready.treeState === 'absent')
    await report({ type: 'note', message: `filling the tree at ${session.trees[0]}: it is empty` });
  const [tree] = session.trees;
  const sync = fromSnapshot ? webrsyncCommand(quiet) : emergeSyncCommand(quiet);
  const job = {
    name: 'sync',
    step: 'sync',
    command: syncUnderLock(session, tree, {
      // After a sync Portage looks for a newer Portage, and for that it reads ebuilds.
      command: withMetadataCache({ tree }, sync),
      maxAge: syncMaxAge(request, syncType),
      leftovers: ready.treeState === 'interrupted' ? 'delete' : 'refuse',
      isUserDirectory: ready.tree.type === 'bind',
    }),
    environment: syncEnvironment(session),
    watch: false,
    insteadOfWaiting: '; to build from the tree as it is, without waiting for a sync: --no-sync',
    silenceTimeout: request.silenceTimeout,
  } as const;
  const settings = filled ? readPortageSettings(session, { during: 'sync' }).catch(() => undefined) : undefined;
  const onLine = (text: string) => report(metadataWarning(text) ?? syncLine(text, otherwise));
  const result = await runJob(session, job, onLine).catch(async (error: unknown) => {
    throw await endedJobFailure(session, { error, underWay: new Set() });
  });
  if (result.exitStatus !== 0) {
    const refused = refusedSync(result.lines, describeMount(ready.tree), chooseAnother);
    if (refused !== undefined) throw jobFailure(session, refused, result);
    const { code, message, remedy } = await explainSync(session, session.trees[0], result);
    throw jobFailure(session, { code, message, hint: remedy && describeBuilderRemedy(remedy) }, result);
  }
  const read = await settings;
  const [treeStamp] = result.result;
  return { treeStamp, settings: read?.treeStamp === treeStamp ? read : undefined };
}
