import type { ContainerSession } from './container-session.ts';
import type { BuildContext } from './context.ts';
import { terminateBuildContainer } from './stop-build-container.ts';
import { keptName } from '../ownership/ownership.ts';
import { removeWorkspace, type Workspace } from './workspace.ts';

/** Removes the build container and its work volume, whether the run was aborted or not. */
export async function removeBuildContainer(context: BuildContext, workspace: Workspace): Promise<void> {
  await removeWorkspace(context, workspace.volume);
}

/**
 * Ends the processes in the container of a failed build. Then it removes the container or, if `keep` is true, renames it and
 * reports how to enter it.
 */
export async function disposeOfFailedBuild(
  context: BuildContext,
  workspace: Workspace,
  session: ContainerSession | undefined,
  keep: boolean,
): Promise<void> {
  const { engine, report } = context;
  // If this fails, the removal ends the processes, because it is by force.
  if (session !== undefined) await terminateBuildContainer(session).catch(() => undefined);
  if (!keep || session === undefined) {
    await removeWorkspace(context, workspace.volume);
    return;
  }
  const name = keptName(session.id);
  await engine.renameContainer(session.id, name);
  await report({
    type: 'note',
    message: [
      `kept the container of the failed build. To start and enter it:`,
      `  docker start ${name}`,
      `  docker exec -it ${name} /bin/bash`,
      `To remove it:`,
      `  docker rm --force --volumes ${name}`,
      `  docker volume rm ${workspace.volume}`,
    ].join('\n'),
  });
}
