import { runShell } from '../../terminal/run-shell.ts';
import { createStepTimer } from '../../job/step-timer.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { checkSetNames } from '../sets/check-set-names.ts';
import type { Tuple } from '../../site/site.ts';
import { findFreshBase, needsBuildmaster, type FreshRoot } from './fresh-base.ts';
import { withRootContainer } from '../root/with-root-container.ts';
import { checkNameIsFree, keepRoot } from './keep-root.ts';
import { checkSiteTrees, makeSiteVolumes } from '../run/open-site-run.ts';
import { prepareShell } from './prepare-shell.ts';
import { freshCommand } from './shell-programs.ts';
import type { StagedPackages } from '../root/staged-packages.ts';
import { tupleNamed, type SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** A request to run a command or a shell in a fresh root. */
export interface FreshRootRequest {
  /** What to enter, and the tuple of the run that it belongs to. */
  readonly root: { readonly type: FreshRoot['type']; readonly tuple: Tuple };
  /** The command; a shell if undefined. */
  readonly command: readonly string[] | undefined;
  /** The name of the image to commit the root as afterwards; none if undefined. */
  readonly keep: string | undefined;
  readonly terminal: Terminal;
}

/**
 * Runs a shell or a command at the user's terminal in a new container of a root. The container has the site's trees, sources
 * and binary package store, so that later shells and builds find the packages that are merged in it. Returns the exit status
 * of the shell. Removes the container in any case.
 */
export async function enterRoot(
  run: SiteRun,
  { root: chosen, command, keep, terminal }: FreshRootRequest,
): Promise<number> {
  const work = tupleNamed(run, chosen.tuple.name);
  const root = { type: chosen.type, work };
  const { portage, name } = work.tuple;
  await checkSiteTrees(run);
  if (needsBuildmaster(root)) await checkSetNames(run, [work]);
  if (keep !== undefined) await checkNameIsFree(run, keep);
  await makeSiteVolumes(run);
  const { base, buildmaster } = await findFreshBase(run, root);
  const request = { base, portage, subject: name, step: 'shell', store: 'staged' } as const;
  return withRootContainer(run, request, async (session, packages) => {
    const { partition, environment } = await prepareShell(run, session, root, buildmaster);
    const directory = work.location.root;
    const isBelow = directory !== '/';
    const where = isBelow ? `; the tuple's root is ${directory}, and / is the stage's` : '';
    await run.report({
      type: 'note',
      message: `entering ${base.name}${where}; its packages are kept in ${partition}`,
    });
    const status = await runShell(session, {
      terminal,
      command: freshCommand(command),
      environment,
      workingDirectory: isBelow ? directory : '/root',
    });
    await expectAll(packages, work);
    if (keep !== undefined) {
      const step = createStepTimer(run.report, name);
      await step('commit', keep, () => keepRoot(session, { name: keep, base }));
      if (isBelow)
        await run.report({
          type: 'note',
          message: `${keep} is the whole container: the tuple's root is ${directory} in it`,
        });
    }
    return status;
  });
}

/** Expects each package that the user made: the user may choose packages and settings, and so the partition. */
async function expectAll(packages: StagedPackages, { tuple, location }: TupleWork): Promise<void> {
  for (const { partition } of await packages.seal()) {
    const isForStage = tuple.cross && !partition.startsWith(`${tuple.cpu.chost}/`);
    const environment = isForStage ? {} : location.environment;
    packages.expect({ partition, environment }, [{ cpv: '*', anyFlags: true }]);
  }
}
