import { emergeEnvironment, syncCommand, webrsyncCommand } from '../portage/emerge-command.ts';
import { explainSyncFailure } from '../portage/explain-sync-failure.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import type { BuildContext } from './context.ts';
import { endedJobFailure, jobFailure } from './job-failure.ts';
import { syncUnderLock, underLock } from './job-scripts.ts';
import { runCommand } from './run-command.ts';
import { runJob } from './run-job.ts';
import { syncMaxAge } from './sync-age.ts';

const quiet = { quiet: true };

/**
 * Syncs the tree, alone: no other build may use it meanwhile. An empty one whose repository is synced by rsync is filled
 * from a snapshot, which spares the mirrors. A tree younger than the request's age is left as it is.
 */
export async function syncRepository(
  request: BuildRequest,
  ready: Preconditions,
  context: BuildContext,
  container: BuildContainer,
): Promise<void> {
  if (!request.sync) return;
  const { report } = context;
  const syncType = ready.system?.repository.syncType ?? '';
  if (ready.treeState === 'interrupted') await emptyTree(context, container);
  const filled = ready.treeState === 'filled';
  const fromSnapshot = !filled && syncType === 'rsync';
  const age = syncMaxAge(request, syncType);
  if (!filled) await report({ type: 'note', message: `filling the tree at ${container.tree}: it is empty` });
  const job = {
    name: 'sync',
    command: syncUnderLock(container.tree, age, fromSnapshot ? webrsyncCommand(quiet) : syncCommand(quiet)),
    environment: emergeEnvironment({ logdir: container.log.directory }),
    watch: false,
    silenceTimeout: request.silenceTimeout,
  } as const;
  const result = await runJob(context, container, job, (text) => report({ type: 'line', step: 'sync', text })).catch(
    async (error: unknown) => {
      throw await endedJobFailure(context, container, ready, { error, underWay: new Set() });
    },
  );
  if (result.exitStatus === 0) return;
  throw jobFailure(container, ready, explainSyncFailure(result), result);
}

/** A first sync that was interrupted leaves a part of a tree in our own volume; no sync type can go on from there. */
async function emptyTree({ engine, report }: BuildContext, container: BuildContainer): Promise<void> {
  await report({ type: 'note', message: 'the first sync of the tree was interrupted: starting it again' });
  await runCommand(engine, container.id, {
    command: underLock('exclusive', container.tree, ['find', container.tree, '-mindepth', '1', '-delete']),
  });
}
