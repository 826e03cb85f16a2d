import { emergeEnvironment } from '../../portage/emerge-command.ts';
import { closePackageSet } from '../../site/set-closure.ts';
import type { Site, Tuple } from '../../site/site.ts';
import type { Partition } from '../../store/partition.ts';
import { stagingFeatures } from '../../store/store-directory.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { defaultTarget } from '../../container/mounts.ts';
import { readPortageSettings } from '../../emerge/portage-settings.ts';
import type { FreshRoot } from './fresh-base.ts';
import { earlyHooks } from '../configure/hook-digest.ts';
import { installSets } from '../configure/install-configuration.ts';
import type { Buildmaster } from '../buildmaster/make-buildmaster.ts';
import type { RootLocation } from '../run/tuple-work.ts';
import { hookVariables, runHook } from '../root/run-hook.ts';
import { installShellPrograms } from './shell-programs.ts';
import type { SiteRun } from '../run/site-run.ts';

/** The environment of a shell in a fresh root. */
export interface PreparedShell {
  /** The partition for packages, as long as Portage's settings are not changed in the shell. */
  readonly partition: Partition;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Prepares the container of a fresh root to compile as a build does: with the build's package sets, after its early hooks,
 * and into its partition. Throws `hook-failed`.
 */
export async function prepareShell(
  run: SiteRun,
  session: ContainerSession,
  root: FreshRoot,
  buildmaster: Buildmaster | undefined,
): Promise<PreparedShell> {
  const { tuple, location } = root.work;
  const key = { cpu: tuple.cpu.name, hooks: earlyHooks(tuple.buildhooks) };
  // A tuple's image has its sets already.
  if (buildmaster !== undefined)
    await installSets(
      session,
      location.configuration,
      root.type === 'tuple' ? closePackageSet(run.site, tuple).files : sharedSets(run.site, tuple),
    );
  // The partition of a build comes from the settings as they are before hooks change them.
  const { environment } = location;
  const readPartition = async () => (await readPortageSettings(session, { key, environment })).partition;
  const partition = buildmaster?.partition ?? (await readPartition());
  await runEarlyHooks(run, session, root, buildmaster);
  const areUnchanged = buildmaster === undefined && key.hooks.size === 0;
  const partitionAtStart = areUnchanged ? partition : await readPartition();
  await installShellPrograms(session, { partition, partitionAtStart, key });
  return { partition, environment: await shellEnvironment(session, location) };
}

/** The site's sets, without the sets that the branch overrides in its own /etc/portage. */
function sharedSets({ sets }: Site, { portage }: Tuple): Site['sets'] {
  return sets.filter(({ name }) => !portage.sets.some((own) => own.name === name));
}

/**
 * Runs the hooks that the partition depends on. The hook `buildmaster` has already run in a buildmaster. In a stage only the
 * hooks that all tuples share are run, because the stage belongs to no tuple.
 */
async function runEarlyHooks(
  run: SiteRun,
  session: ContainerSession,
  { type, work }: FreshRoot,
  buildmaster: Buildmaster | undefined,
): Promise<void> {
  const { tuple, location } = work;
  const { root } = location;
  if (buildmaster === undefined) await runHook(session, 'buildmaster', hookVariables(run.site, tuple, 'shared', root));
  const scope = type === 'tuple' ? 'tuple' : 'shared';
  await runHook(session, 'compile', hookVariables(run.site, tuple, scope, root));
}

/**
 * The environment variables that make Portage use the root, and build and use binary packages. A variable that would override
 * /etc/portage is left out, so that package.env and changes in the shell take effect; PKGDIR is set for each emerge.
 */
async function shellEnvironment(
  session: ContainerSession,
  { root, environment }: RootLocation,
): Promise<Readonly<Record<string, string>>> {
  const {
    FEATURES = '',
    CONFIG_PROTECT = '',
    CONFIG_PROTECT_MASK = '',
    DISTDIR = '',
    PORTAGE_LOGDIR = '',
  } = emergeEnvironment({
    pkgdir: defaultTarget('binpkgs'),
    ownPackagesOnly: true,
    distdir: defaultTarget('distfiles'),
    logdir: session.log.directory,
  });
  const ask = underLock('shared', session, ['portageq', 'envvar', 'EMERGE_DEFAULT_OPTS']);
  const { stdout } = await session.run({ command: ask, environment });
  const options = [
    stdout.trim(),
    '--usepkg=y --getbinpkg=n',
    // In a cross build, FEATURES of the environment does not apply to packages for the stage.
    root === '/' ? '' : '--buildpkg=y',
  ];
  const EMERGE_DEFAULT_OPTS = options.filter((some) => some !== '').join(' ');
  return {
    ...environment,
    FEATURES: `${FEATURES} ${stagingFeatures}`,
    CONFIG_PROTECT,
    CONFIG_PROTECT_MASK,
    DISTDIR,
    PORTAGE_LOGDIR,
    EMERGE_DEFAULT_OPTS,
  };
}
