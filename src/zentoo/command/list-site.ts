import { Failure } from '../../failure.ts';
import { treeWarnings } from '../../plan/warnings.ts';
import type { Site, Tuple } from '../../site/site.ts';
import { checkFreshness } from '../output/check-freshness.ts';
import type { OutputState } from '../output/output-kind.ts';
import { outputKinds } from '../output/output-kinds.ts';
import { defaultOutputDirectory } from '../run/output-directory.ts';
import { openSiteRun, plannedTrees, type SiteWorld } from '../run/open-site-run.ts';
import type { SiteRun } from '../run/site-run.ts';

/** A tuple and the state of its outputs. */
export interface ListedTuple {
  readonly tuple: Tuple;
  /** Whether all outputs are up to date; undefined if no engine could be asked. */
  readonly upToDate: boolean | undefined;
  /** The reasons why the tuple is not up to date, as sentences without a full stop. */
  readonly why: readonly string[];
  readonly outputs: readonly (Pick<OutputState, 'output' | 'name'> & {
    /** The output that exists; null if it does not exist, undefined if it is unknown whether it exists. */
    readonly found: OutputState['found'] | null;
  })[];
}

/**
 * Lists all tuples of a site with the state of their outputs. No container is started, and no stage is pulled. If the engine cannot
 * be used, a warning says so, and only the archives are known.
 */
export async function listSite(site: Site, world: SiteWorld): Promise<readonly ListedTuple[]> {
  if (site.tuples.length === 0) return [];
  const run = await tryToOpen(site, world);
  if (run === undefined) return site.tuples.map((tuple) => listWithoutEngine(site, tuple));
  if (run.anyStage !== undefined)
    for (const warning of treeWarnings(plannedTrees(run))) await world.report({ type: 'warning', ...warning });
  const listed: ListedTuple[] = [];
  for (const work of run.tuples) {
    const { outputs } = await checkFreshness(run, work);
    const why = outputs.find((output) => output.why.length > 0)?.why ?? [];
    const found = outputs.map((output) => ({ ...output, found: output.found ?? null }));
    listed.push({ tuple: work.tuple, upToDate: why.length === 0, why, outputs: found });
  }
  return listed;
}

async function tryToOpen(site: Site, world: SiteWorld): Promise<SiteRun | undefined> {
  try {
    return await openSiteRun(site, world, { keepFailed: false, access: 'read', pull: [] });
  } catch (error) {
    if (!(error instanceof Failure) || world.signal.aborted) throw error;
    const message = `failed to read the state of the site's outputs: ${error.message}`;
    await world.report({
      type: 'warning',
      message,
      hint: error.hint ?? "the list shows the site's tuples without the state of their outputs",
    });
    return undefined;
  }
}

function listWithoutEngine(site: Site, tuple: Tuple): ListedTuple {
  const outputs = tuple.outputs.map((output) => {
    const place = { site, outputDirectory: defaultOutputDirectory(site) };
    return { output, ...outputKinds[output].find(place, tuple) };
  });
  return { tuple, upToDate: undefined, why: [], outputs };
}
