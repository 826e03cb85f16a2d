import { connectEngine } from '../../engine/connect-engine.ts';
import type { EngineEnvironment } from '../../engine/engine-address.ts';
import type { Engine, ListedImage } from '../../engine/engine.ts';
import { findOwnContainer } from '../../engine/own-container.ts';
import { Failure } from '../../failure.ts';
import type { PlannedTree } from '../../plan/plan.ts';
import { treeWarnings } from '../../plan/warnings.ts';
import type { Report } from '../../report/event.ts';
import type { Site, Stage, Tuple } from '../../site/site.ts';
import { pullBase, type Base } from '../base-image.ts';
import type { BuildContext } from '../context.ts';
import { explainRefusal } from '../in-workspace.ts';
import { describeMount, type MountChoice } from '../mounts.ts';
import { makeDefaultVolume } from '../start-build-container.ts';
import { volumeLabel } from '../tree.ts';
import { sweepWorkspaces } from '../workspace.ts';
import { claimSite, stateVolume } from './claim-site.ts';
import { siteLabel } from './labels.ts';
import { readSiteLock } from './site-lock.ts';
import { defaultOutputDirectory } from './output-names.ts';
import { ccacheVolume } from './use-ccache.ts';
import { siteMounts } from './site-mounts.ts';
import type { SiteRun } from './site-run.ts';
import { findTrees, readRevisions } from './tree-revision.ts';

/** The world that a command of zentoo runs in. */
export interface SiteWorld {
  readonly environment: EngineEnvironment;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** What a run is asked for besides. */
export interface SiteRunRequest {
  readonly keepFailed: boolean;
  /** Where archives go; `output` in the site's directory unless it is said. */
  readonly outputDirectory?: string | undefined;
  /** Images of stages that the engine has not are left out, where they would be pulled otherwise. */
  readonly pull?: false;
  /** Those that it is about: no other stages are looked for. All of the site unless it is said. */
  readonly tuples?: readonly Tuple[];
}

/**
 * Connects to the engine, makes the site's name its own, finds the images of its stages and reads what its trees are at.
 * Nothing is started.
 */
export async function openSiteRun(site: Site, world: SiteWorld, request: SiteRunRequest): Promise<SiteRun> {
  return explainRefusal(open(site, world, request), `find what the engine has of the site ${site.name}`);
}

async function open(
  site: Site,
  { environment, report, signal }: SiteWorld,
  { keepFailed, pull, tuples = site.tuples, outputDirectory = defaultOutputDirectory(site) }: SiteRunRequest,
): Promise<SiteRun> {
  const engine = await connectEngine(environment);
  const self = await findOwnContainer(engine);
  const context = { engine, report, signal, self };
  // The engine's slowest answer is the first that is asked for, and the last that is waited for.
  const listed = listSiteImages(engine, site);
  listed.catch(() => undefined);
  const mounts = siteMounts(site);
  const [found, trees] = await Promise.all([
    findStages(engine, tuples),
    findTrees(context, mounts.trees),
    claimSite(engine, site, self),
    sweepWorkspaces(context),
  ]);
  const stages = pull === false ? found : await pullStages(context, tuples, found);
  const first = [...stages.values()].find(({ image }) => image !== undefined)?.image;
  const revisions =
    first === undefined ? new Map<string, string>() : await readRevisions(context, first, trees, stateVolume(site));
  const made = { keepFailed, outputDirectory, started: new Date() };
  return { ...context, site, mounts, stages, images: await listed, revisions, ...made };
}

/** The images of the stages that tuples start from, of which the engine may have none. */
async function findStages(engine: Engine, tuples: readonly Tuple[]): Promise<ReadonlyMap<string, Base>> {
  const stages = new Map(tuples.map(({ stage }) => [stage.name, stage.image]));
  const found = [...stages].map(
    async ([stage, name]) => [stage, { name, image: await engine.inspectImage(name) }] as const,
  );
  return new Map(await Promise.all(found));
}

/** The stages, with those pulled that the engine has not. */
async function pullStages(
  context: BuildContext,
  tuples: readonly Tuple[],
  found: ReadonlyMap<string, Base>,
): Promise<ReadonlyMap<string, Base>> {
  const stages = new Map(found);
  for (const { stage } of tuples)
    if (stages.get(stage.name)?.image === undefined) {
      const image = await pullBase(context, stage.image, otherStage(stage));
      stages.set(stage.name, { name: stage.image, image });
    }
  return stages;
}

/** The images that were made for a site, by their names. */
async function listSiteImages(engine: Engine, { name }: Site): Promise<ReadonlyMap<string, ListedImage>> {
  const images = await engine.imagesWithLabel(`${siteLabel}=${name}`);
  return new Map(images.flatMap((image) => image.names.map((each) => [each, image] as const)));
}

function otherStage({ name }: Pick<Stage, 'name'>): string {
  return `give the stage ${name} an image that the engine has already, in site.yaml`;
}

/** Makes the site's volumes that are missing, but for the trees, which a sync makes. */
export async function makeSiteVolumes({ engine, report, signal, self, mounts, site }: SiteRun): Promise<void> {
  const context = { engine, report, signal, self };
  const choices = [mounts.binpkgs, mounts.distfiles, mounts.logs];
  await Promise.all(choices.map((choice) => makeDefaultVolume(context, choice)));
  if (site.ccache) await engine.createVolume(ccacheVolume(site), { [volumeLabel]: 'ccache' });
}

/**
 * Refuses to go on without a tree, and warns of one that is not what the site's lock file says. `zentoo sync` alone moves
 * trees.
 */
export async function checkTrees(run: SiteRun): Promise<void> {
  requireTrees(run);
  for (const warning of treeWarnings(plannedTrees(run))) await run.report({ type: 'warning', ...warning });
}

/** Refuses to go on without a tree. */
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
          ? 'zentoo sync makes it and fills it'
          : `by its repos.conf it is not synced: put it into ${where}`,
      },
    );
  }
}

/** What the site's trees are at, and what its lock file says. */
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
