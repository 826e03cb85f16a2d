import { Failure } from '../../failure.ts';
import { explainDifference, readInputsLabel } from '../../plan/explain-difference.ts';
import { fingerprintBuildmaster, fingerprintTuple } from '../../plan/fingerprint.ts';
import { emergeEnvironment } from '../../portage/emerge-command.ts';
import type { Tuple } from '../../site/site.ts';
import type { Base } from '../base-image.ts';
import type { BuildContainer } from '../build-container.ts';
import { underLock } from '../job-scripts.ts';
import { defaultTarget } from '../mounts.ts';
import { readPortageSettings } from '../portage-settings.ts';
import { runCommand } from '../run-command.ts';
import { runShell } from '../run-shell.ts';
import { createStepTimer } from '../step-timer.ts';
import type { Terminal } from '../terminal.ts';
import { imageName } from './output-names.ts';
import { findCurrentImage } from './current-image.ts';
import { earlyHooks } from './hook-digest.ts';
import { inRoot } from './in-root.ts';
import { checkNameIsFree, keepRoot } from './keep-root.ts';
import { inputsLabel } from './labels.ts';
import { findBuildmaster, makeBuildmaster } from './make-buildmaster.ts';
import { checkTrees, makeSiteVolumes } from './open-site-run.ts';
import { freshCommand, installShellPrograms } from './shell-programs.ts';
import { stageOf, type SiteRun } from './site-run.ts';
import { surroundingsOf } from './surroundings.ts';

/** A tuple's root as it was built, or its stage, ready to compile for its cpu. */
export interface FreshRoot {
  readonly type: 'tuple' | 'stage';
  readonly tuple: Tuple;
}

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
  await checkTrees(run);
  if (keep !== undefined) await checkNameIsFree(run, keep);
  await makeSiteVolumes(run);
  const base = root.type === 'tuple' ? await findImage(run, root.tuple) : await findStage(run, root.tuple);
  const { portage, name } = root.tuple;
  const request = { base, portage, subject: name, step: 'shell', store: 'writable' } as const;
  return inRoot(run, request, async (container) => {
    const key = { cpu: root.tuple.cpu.name, hooks: earlyHooks(root.tuple.buildhooks) };
    const { partition } = await readPortageSettings(run, container, { key });
    await installShellPrograms(run, container, { partition, key });
    const environment = await shellEnvironment(run, container);
    await run.report({ type: 'note', message: `entering ${base.name}; what is emerged there is kept in ${partition}` });
    const status = await runShell(run, container, {
      terminal,
      command: freshCommand(command),
      environment,
      workingDirectory: '/root',
    });
    if (keep !== undefined)
      await createStepTimer(run.report, name)('commit', keep, keepRoot, run, container, { name: keep, base });
    return status;
  });
}

/** The image of a tuple, with a warning where it is out of date. Throws `base-unusable` where there is none. */
async function findImage(run: SiteRun, tuple: Tuple): Promise<Base> {
  const { engine, site } = run;
  const name = imageName(run, tuple);
  const hint = `zentoo build ${tuple.name}`;
  if (tuple.cross)
    throw new Failure(
      'base-unusable',
      `failed to enter ${name}: it was compiled by another system and has no Portage`,
      {
        hint: `enter that one: zentoo freshroot ${tuple.stage.name} --cpu CPU`,
      },
    );
  const image = await engine.inspectImage(name);
  if (image === undefined)
    throw new Failure('base-unusable', `failed to enter ${name}: the tuple has not been built`, { hint });
  const fingerprint = fingerprintTuple(site, tuple, surroundingsOf(run, tuple));
  const base = stageOf(run, tuple);
  if ((await findCurrentImage(engine, name, { base, fingerprint: fingerprint.digest })) === undefined) {
    const changes = explainDifference(readInputsLabel(image.labels[inputsLabel]) ?? {}, fingerprint.inputs);
    const why = image.labels[inputsLabel] === undefined || changes.length === 0 ? '' : `: ${changes.join('; ')}`;
    await run.report({ type: 'warning', message: `${name} is out of date${why}`, hint });
  }
  return { name, image };
}

/** The stage as packages are compiled in it: the buildmaster of these parts, which is made where it is missing. */
async function findStage(run: SiteRun, tuple: Tuple): Promise<Base> {
  const fingerprint = fingerprintBuildmaster(tuple, surroundingsOf(run, tuple));
  const step = createStepTimer(run.report, tuple.name);
  return (
    (await findBuildmaster(run, tuple, fingerprint)) ??
    (await step('buildmaster', `from ${stageOf(run, tuple).name}`, makeBuildmaster, run, tuple, fingerprint))
  );
}

/**
 * What Portage is told by the environment: to keep what it compiles, and to use what was kept. Nothing that settings in
 * /etc/portage would lose to, so that package.env and changes that are made in the shell hold; PKGDIR comes with each emerge.
 */
async function shellEnvironment(
  { engine }: Pick<SiteRun, 'engine'>,
  container: BuildContainer,
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
  const { stdout } = await runCommand(engine, container.id, { command: ask });
  const configured = stdout.trim();
  const ours = '--usepkg=y --getbinpkg=n --binpkg-respect-use=y';
  return { FEATURES, DISTDIR, PORTAGE_LOGDIR, EMERGE_DEFAULT_OPTS: configured === '' ? ours : `${configured} ${ours}` };
}
