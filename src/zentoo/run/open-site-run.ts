import { findDockerProxies } from '../../engine/docker/docker-context.ts';
import { connectEngine } from '../../engine/docker/connect-engine.ts';
import { localEngineBeside } from '../../engine/docker/local-engine.ts';
import type { EngineEnvironment } from '../../engine/docker/engine-address.ts';
import type { Engine } from '../../engine/engine.ts';
import { connectSwarm } from '../../engine/swarm/connect-swarm.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import { findOwnContainer } from '../../engine/own-container.ts';
import { Failure } from '../../failure.ts';
import type { PlannedTree } from '../../plan/plan.ts';
import { noteWarnings, treeWarnings } from '../../plan/warnings.ts';
import { describeLeftOut, proxySettings } from '../../portage/proxy-settings.ts';
import type { Report } from '../../report/event.ts';
import type { Site, Stage, Tuple } from '../../site/site.ts';
import { checkBase, pullBase, type Base } from '../../container/base-image.ts';
import type { BuildContext } from '../../container/context.ts';
import { explainRefusal } from '../../container/refusal-failure.ts';
import { describeMount, type MountChoice } from '../../container/mounts.ts';
import type { Probe } from '../../container/probe.ts';
import { makeDefaultVolume } from '../../container/default-volumes.ts';
import { volumeLabel } from '../../container/tree.ts';
import { sweepWorkspaces } from '../../container/workspace.ts';
import { registerSite } from '../identity/register-site.ts';
import { requireOwnStore } from '../identity/store-node.ts';
import { stateVolume } from '../identity/volume-names.ts';
import { siteLabel } from '../identity/labels.ts';
import { listSiteImages, relistImages } from './site-images.ts';
import { readState } from './read-state.ts';
import { readSiteLock } from './site-lock.ts';
import { defaultOutputDirectory } from './output-directory.ts';
import { ccacheVolume } from './ccache-volume.ts';
import { siteMounts } from './site-mounts.ts';
import type { PresentBase, SiteRun } from './site-run.ts';
import { findExistingTrees, readRevisions } from './tree-revision.ts';
import { tupleWork } from './tuple-work.ts';

/** The parts of a program that its commands use: environment, report, signal. */
export interface SiteWorld {
  readonly environment: EngineEnvironment;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** The options of a run. */
export interface SiteRunRequest {
  readonly keepFailed: boolean;
  /** Whether the command writes, so that it registers the site on the engine; `write` by default. */
  readonly access?: 'read' | 'write';
  /** The directory for archives; `output` in the site's directory by default. */
  readonly outputDirectory?: string | undefined;
  /** The tuples of the run; only their stages are looked for. All tuples of the site by default. */
  readonly tuples?: readonly Tuple[];
  /** The tuples whose stages are pulled if the engine lacks them. All tuples of the run by default. */
  readonly pull?: readonly Tuple[];
  /** Whether the command uses the engine's swarm; as `swarm` in site.yaml says by default. */
  readonly usesSwarm?: boolean;
}

/**
 * Connects to the engine, registers the site if the command writes, finds the images of the stages and reads the revisions of the trees. Starts no
 * container. Throws `store-elsewhere` if a command that writes and uses a swarm finds the site's store on another node.
 */
export async function openSiteRun(site: Site, world: SiteWorld, request: SiteRunRequest): Promise<SiteRun> {
  const opening = checkStore(site, world, request).then(() => open(site, world, request));
  return explainRefusal(opening, openingOf(site));
}

/** The step that a message names if the engine refuses a call while a run is opened. */
function openingOf({ name }: Site): string {
  return `read the state of the site ${name} on the engine`;
}

async function open(site: Site, { environment, report, signal }: SiteWorld, request: SiteRunRequest): Promise<SiteRun> {
  const { keepFailed, access = 'write', tuples = site.tuples, pull = tuples } = request;
  const { outputDirectory = defaultOutputDirectory(site) } = request;
  const engine = await connectEngine(environment);
  const self = await findOwnContainer(engine);
  const findLocal = localEngineBeside(engine);
  const proxies = proxySettings(environment, findDockerProxies(environment, engine.address));
  for (const name of proxies.leftOut) await report({ type: 'warning', ...describeLeftOut(name) });
  const context = { engine, report, signal, self, findLocal, proxies };
  // The slowest request starts first and is awaited last.
  const listed = explainRefusal(listSiteImages(engine, site), openingOf(site));
  listed.catch(() => undefined);
  const names = await registerSite(engine, site, self, access);
  const mounts = siteMounts(site, names.volumePrefix);
  const [found, trees] = await Promise.all([
    findStages(engine, tuples),
    findExistingTrees(context, mounts.trees),
    sweepWorkspaces(
      context,
      tuples.map(({ stage }) => stage.image),
    ),
  ]);
  const stages = await pullStages(context, pull, found);
  const anyStage = [...stages.values()].find(isPresent);
  let registered = new Map<string, ImageId>();
  const state = names.isRegistered ? stateVolume(names) : undefined;
  const look = async (probe: Probe) => {
    const images = await listed;
    const place = { volume: state ?? '', image: anyStage?.name ?? '' };
    registered = await readState(probe, { engine, report, site: site.name, ...place, images, access });
  };
  const revisions =
    anyStage === undefined
      ? new Map<string, string>()
      : await readRevisions(context, anyStage.image, trees, state, look);
  const works = tuples.map((tuple) => tupleWork({ site, stages, revisions }, tuple));
  const made = { keepFailed, outputDirectory, started: new Date() };
  return {
    ...context,
    ...names,
    site,
    mounts,
    tuples: works,
    anyStage,
    images: await listed,
    registered,
    revisions,
    ...made,
  };
}

/** Returns a run with images, trees and the tuples' data as they are now, after another command worked on the site. */
export async function refreshSiteRun(run: SiteRun, probe: Probe): Promise<SiteRun> {
  const { site, mounts, anyStage } = run;
  const trees = await findExistingTrees(run, mounts.trees);
  const revisions =
    anyStage === undefined ? run.revisions : await readRevisions(run, anyStage.image, trees, stateVolume(run));
  const stages = new Map(run.tuples.map(({ tuple, stage }) => [tuple.stage.name, stage]));
  const tuples = run.tuples.map(({ tuple }) => tupleWork({ site, stages, revisions }, tuple));
  return relistImages({ ...run, tuples, revisions }, probe);
}

/** Refuses a command that writes and uses a swarm, if the site's store is on another node. */
async function checkStore(
  site: Site,
  { environment }: SiteWorld,
  { access = 'write', usesSwarm = site.swarm !== undefined }: SiteRunRequest,
): Promise<void> {
  if (usesSwarm && access === 'write') await requireOwnStore(await connectSwarm(environment), site);
}

function isPresent(base: Base): base is PresentBase {
  return base.image !== undefined;
}

/** Finds the stages of the tuples, each with its image if the engine has it. */
async function findStages(engine: Engine, tuples: readonly Tuple[]): Promise<ReadonlyMap<string, Base>> {
  const stages = new Map(tuples.map(({ stage }) => [stage.name, stage.image]));
  const found = [...stages].map(
    async ([stage, name]) => [stage, { name, image: await engine.inspectImage(name) }] as const,
  );
  return new Map(await Promise.all(found));
}

/** Pulls the images of stages that the engine lacks. Returns all stages with their images. */
async function pullStages(
  context: BuildContext,
  tuples: readonly Tuple[],
  found: ReadonlyMap<string, Base>,
): Promise<ReadonlyMap<string, Base>> {
  const stages = new Map(found);
  for (const stage of new Map(tuples.map((tuple) => [tuple.stage.name, tuple.stage])).values()) {
    const image = stages.get(stage.name)?.image ?? (await pullBase(context, stage.image, otherStage(stage)));
    const base = { name: stage.image, image };
    await checkBase(context, base);
    stages.set(stage.name, base);
  }
  return stages;
}

function otherStage({ name }: Pick<Stage, 'name'>): string {
  return `name an image for the stage ${name} in site.yaml that the engine has already`;
}

/** Makes the missing volumes of a site, except for the trees: a sync makes them. */
export async function makeSiteVolumes(run: SiteRun): Promise<void> {
  const { engine, report, signal, self, mounts, site } = run;
  const context = { engine, report, signal, self };
  const ofSite = { [siteLabel]: site.name };
  await Promise.all([mounts.binpkgs, mounts.metadata].map((choice) => makeDefaultVolume(context, choice, ofSite)));
  // All sites share these.
  await Promise.all([mounts.distfiles, mounts.logs].map((choice) => makeDefaultVolume(context, choice)));
  if (site.ccache) await engine.createVolume(ccacheVolume(run), { [volumeLabel]: 'ccache', ...ofSite });
}

/**
 * Throws `tree-unusable` if a tree is missing. Warns of settings that have no effect, and if a tree's revision differs from the
 * site's lock file: only `zentoo sync` changes a tree.
 */
export async function checkSiteTrees(run: SiteRun): Promise<void> {
  requireTrees(run);
  const warnings = [...noteWarnings(run.site.notes), ...treeWarnings(plannedTrees(run))];
  for (const warning of warnings) await run.report({ type: 'warning', ...warning });
}

/** Throws `tree-unusable` if a tree is missing. */
export function requireTrees({ site, revisions, mounts }: SiteRun): void {
  const [absent] = site.repositories.filter(({ name }) => !revisions.has(name));
  if (absent !== undefined) {
    const where = describeTree(mounts.trees.get(absent.name));
    const isSynced = absent.syncType !== '' && absent.autoSync;
    throw new Failure(
      'tree-unusable',
      `failed to find the ebuild repository ${absent.name}: there is none in ${where}`,
      {
        hint: isSynced
          ? 'run `zentoo sync`, which creates and fills it'
          : `its repos.conf switches syncing off: copy the repository to ${where}`,
      },
    );
  }
}

/** Returns the revisions of the site's trees, and the revisions in its lock file. */
export function plannedTrees({ site, revisions }: Pick<SiteRun, 'site' | 'revisions'>): readonly PlannedTree[] {
  const locked = readSiteLock(site.directory);
  return site.repositories.map(({ name }) => ({
    repository: name,
    revision: revisions.get(name),
    locked: locked.get(name),
  }));
}

function describeTree(choice: MountChoice | undefined): string {
  return choice === undefined ? 'no volume' : describeMount(choice);
}
