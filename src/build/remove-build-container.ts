import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';
import { terminateBuildContainer } from './stop-build-container.ts';
import { keptPrefix, removeWorkspace, type Workspace } from './workspace.ts';

/** Removes the build container and its work volume. It does not ask whether the run was aborted: it is how that ends. */
export async function removeBuildContainer(context: BuildContext, workspace: Workspace): Promise<void> {
  await removeWorkspace(context, workspace.volume);
}

/** Ends what still runs in the container of a failed build, and removes it or, if it is to be kept, says how to enter it. */
export async function disposeOfFailedBuild(
  context: BuildContext,
  workspace: Workspace,
  container: BuildContainer | undefined,
  keep: boolean,
): Promise<void> {
  const { engine, report } = context;
  // Should that fail, the removal, which is by force, ends it all the same.
  if (container !== undefined) await terminateBuildContainer(engine, container).catch(() => undefined);
  if (!keep || container === undefined) {
    await removeWorkspace(context, workspace.volume);
    return;
  }
  const name = `${keptPrefix}${container.id.slice(0, 12)}`;
  await engine.renameContainer(container.id, name);
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
