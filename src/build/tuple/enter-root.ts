import { runShell } from '../run-shell.ts';
import { createStepTimer } from '../step-timer.ts';
import type { Terminal } from '../terminal.ts';
import { checkSetNames } from './check-set-names.ts';
import { findFreshBase, needsBuildmaster, type FreshRoot } from './fresh-base.ts';
import { inRoot } from './in-root.ts';
import { checkNameIsFree, keepRoot } from './keep-root.ts';
import { checkTrees, makeSiteVolumes } from './open-site-run.ts';
import { prepareShell } from './prepare-shell.ts';
import { placeOf } from './root-place.ts';
import { freshCommand } from './shell-programs.ts';
import type { SiteRun } from './site-run.ts';

/** What is done in a fresh root. */
export interface FreshRootRequest {
  readonly root: FreshRoot;
  /** A shell if undefined. */
  readonly command: readonly string[] | undefined;
  /** The image that the root is committed as afterwards. */
  readonly keep: string | undefined;
  readonly terminal: Terminal;
}

/**
 * Runs a shell or a command at the user's terminal in a new container of a root, with the site's trees, sources and store;
 * what is emerged there is found by the next one and by a build. Resolves to its exit status. The container is removed
 * whatever happens.
 */
export async function enterRoot(run: SiteRun, { root, command, keep, terminal }: FreshRootRequest): Promise<number> {
  const { portage, name } = root.tuple;
  await checkTrees(run);
  if (needsBuildmaster(root)) await checkSetNames(run, [root.tuple]);
  if (keep !== undefined) await checkNameIsFree(run, keep);
  await makeSiteVolumes(run);
  const { base, buildmaster } = await findFreshBase(run, root);
  const request = { base, portage, subject: name, step: 'shell', store: 'writable' } as const;
  return inRoot(run, request, async (container) => {
    const { partition, environment } = await prepareShell(run, container, root, buildmaster);
    const directory = placeOf(root.tuple).root;
    const isBelow = directory !== '/';
    const where = isBelow ? `; its root is ${directory}, and not /, which is the stage's` : '';
    await run.report({
      type: 'note',
      message: `entering ${base.name}${where}; what is emerged there is kept in ${partition}`,
    });
    const status = await runShell(run, container, {
      terminal,
      command: freshCommand(command),
      environment,
      workingDirectory: isBelow ? directory : '/root',
    });
    if (keep !== undefined) {
      await createStepTimer(run.report, name)('commit', keep, keepRoot, run, container, { name: keep, base });
      if (isBelow)
        await run.report({ type: 'note', message: `${keep} is the whole container: the root is ${directory} in it` });
    }
    return status;
  });
}
