import { emergeEnvironment } from '../../portage/emerge-command.ts';
import { closePackageSet } from '../../site/set-closure.ts';
import type { Site, Tuple } from '../../site/site.ts';
import type { Partition } from '../../store/partition.ts';
import type { BuildContainer } from '../build-container.ts';
import { underLock } from '../job-scripts.ts';
import { defaultTarget } from '../mounts.ts';
import { readPortageSettings } from '../portage-settings.ts';
import { runCommand } from '../../engine/run-command.ts';
import type { FreshRoot } from './fresh-base.ts';
import { earlyHooks } from './hook-digest.ts';
import { installSets } from './install-configuration.ts';
import type { Buildmaster } from './make-buildmaster.ts';
import { placeOf, type RootPlace } from './root-place.ts';
import { hookParts, runHook } from './run-hook.ts';
import { installShellPrograms } from './shell-programs.ts';
import type { SiteRun } from './site-run.ts';

/** What a shell in a fresh root is started with. */
export interface PreparedShell {
  /** Where packages go while nobody changes Portage's settings. */
  readonly partition: Partition;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Makes the container of a fresh root one in which is compiled what a build compiles: with its sets, after its early
 * hooks, and into its partition. Throws `hook-failed`.
 */
export async function prepareShell(
  run: SiteRun,
  container: BuildContainer,
  { type, tuple }: FreshRoot,
  buildmaster: Buildmaster | undefined,
): Promise<PreparedShell> {
  const place = placeOf(tuple);
  const key = { cpu: tuple.cpu.name, hooks: earlyHooks(tuple.buildhooks) };
  // The image of a tuple has its sets.
  if (buildmaster !== undefined)
    await installSets(
      run,
      container,
      place.configuration,
      type === 'tuple' ? closePackageSet(run.site, tuple).files : sharedSets(run.site, tuple),
    );
  // A build's partition is that of the settings before any hook has changed them.
  const { environment } = place;
  const readPartition = async () => (await readPortageSettings(run, container, { key, environment })).partition;
  const partition = buildmaster?.partition ?? (await readPartition());
  await runEarlyHooks(run, container, { type, tuple }, buildmaster);
  const areUnchanged = buildmaster === undefined && key.hooks.size === 0;
  const settings = areUnchanged ? partition : await readPartition();
  await installShellPrograms(run, container, { partition, settings, key });
  return { partition, environment: await shellEnvironment(run, container, place) };
}

/** The site's sets, but for those that the branch has its own of: these are in its /etc/portage. */
function sharedSets({ sets }: Site, { portage }: Tuple): Site['sets'] {
  return sets.filter(({ name }) => !portage.sets.some((own) => own.name === name));
}

/**
 * Runs the hooks that the partition depends on; the hook `buildmaster` has run in a buildmaster already. In a stage
 * nobody says for which tuple it is.
 */
async function runEarlyHooks(
  run: SiteRun,
  container: BuildContainer,
  { type, tuple }: FreshRoot,
  buildmaster: Buildmaster | undefined,
): Promise<void> {
  const { root } = placeOf(tuple);
  if (buildmaster === undefined)
    await runHook(run, container, 'buildmaster', hookParts(run.site, tuple, 'shared', root));
  const scope = type === 'tuple' ? 'tuple' : 'shared';
  await runHook(run, container, 'compile', hookParts(run.site, tuple, scope, root));
}

/**
 * What Portage is told by the environment: which root it is for, to keep what it compiles, and to use what was kept.
 * Nothing that settings in /etc/portage would lose to, so that package.env and changes that are made in the shell hold;
 * PKGDIR comes with each emerge.
 */
async function shellEnvironment(
  { engine }: Pick<SiteRun, 'engine'>,
  container: BuildContainer,
  { root, environment }: RootPlace,
): Promise<Readonly<Record<string, string>>> {
  const {
    FEATURES = '',
    DISTDIR = '',
    PORTAGE_LOGDIR = '',
  } = emergeEnvironment({
    pkgdir: defaultTarget('binpkgs'),
    distdir: defaultTarget('distfiles'),
    logdir: container.log.directory,
  });
  const ask = underLock('shared', container.trees, ['portageq', 'envvar', 'EMERGE_DEFAULT_OPTS']);
  const { stdout } = await runCommand(engine, container.id, { command: ask, environment });
  const options = [
    stdout.trim(),
    '--usepkg=y --getbinpkg=n --binpkg-respect-use=y',
    // FEATURES of the environment does not reach what a cross build compiles for the stage.
    root === '/' ? '' : '--buildpkg=y',
  ];
  const EMERGE_DEFAULT_OPTS = options.filter((some) => some !== '').join(' ');
  return { ...environment, FEATURES, DISTDIR, PORTAGE_LOGDIR, EMERGE_DEFAULT_OPTS };
}
