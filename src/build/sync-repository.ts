import { emergeEnvironment, syncCommand, webrsyncCommand } from '../portage/emerge-command.ts';
import { explainSyncFailure } from '../portage/explain-sync-failure.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import type { BuildContext } from './context.ts';
import { endedJobFailure, jobFailure } from './job-failure.ts';
import { syncUnderLock } from './job-scripts.ts';
import { readPortageSettings, type PortageSettings } from './portage-settings.ts';
import { runJob } from './run-job.ts';
import { syncMaxAge } from './sync-age.ts';

const quiet = { quiet: true };

/** What is known after a sync. */
export interface SyncResult {
  /** The tree's stamp after it; undefined if it has none, or was not synced. */
  readonly treeStamp: string | undefined;
  readonly settings: PortageSettings | undefined;
}

/**
 * Syncs the tree, alone: no other build may use it meanwhile. An empty one whose repository is synced by rsync is filled
 * from a snapshot, which spares the mirrors. A tree younger than the request's age is left as it is. Meanwhile Portage is
 * asked for its settings: they are in the answer, unless the sync has changed what they rest on.
 */
export async function syncRepository(
  request: BuildRequest,
  ready: Preconditions,
  context: BuildContext,
  container: BuildContainer,
): Promise<SyncResult> {
  if (!request.sync) return { settings: undefined, treeStamp: undefined };
  const { report } = context;
  const syncType = ready.system?.repository.syncType ?? '';
  const filled = ready.treeState === 'filled';
  const fromSnapshot = !filled && syncType === 'rsync';
  if (ready.treeState === 'empty' || ready.treeState === 'absent')
    await report({ type: 'note', message: `filling the tree at ${container.trees[0]}: it is empty` });
  const job = {
    name: 'sync',
    step: 'sync',
    command: syncUnderLock(container.trees[0], {
      command: fromSnapshot ? webrsyncCommand(quiet) : syncCommand(quiet),
      maxAge: syncMaxAge(request, syncType),
      isOurs: ready.treeState === 'interrupted',
    }),
    environment: emergeEnvironment({ logdir: container.log.directory }),
    watch: false,
    silenceTimeout: request.silenceTimeout,
  } as const;
  const settings = filled
    ? readPortageSettings(context, container, { during: 'sync' }).catch(() => undefined)
    : undefined;
  const result = await runJob(context, container, job, (text) => report({ type: 'line', step: 'sync', text })).catch(
    async (error: unknown) => {
      throw await endedJobFailure(context, container, { error, underWay: new Set() });
    },
  );
  if (result.exitStatus !== 0) throw jobFailure(container, explainSyncFailure(result), result);
  const read = await settings;
  const [treeStamp] = result.result;
  return { treeStamp, settings: read?.treeStamp === treeStamp ? read : undefined };
}
