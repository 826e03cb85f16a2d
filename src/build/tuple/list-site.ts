import { Failure } from '../../failure.ts';
import { fingerprintTuple } from '../../plan/fingerprint.ts';
import { treeWarnings } from '../../plan/warnings.ts';
import type { Site, Tuple } from '../../site/site.ts';
import { judgeOutputs, statArchive, type OutputState } from './judge-outputs.ts';
import { defaultOutputDirectory, imageName } from './output-names.ts';
import { openSiteRun, plannedTrees, type SiteWorld } from './open-site-run.ts';
import type { SiteRun } from './site-run.ts';
import { surroundingsOf } from './surroundings.ts';

/** A tuple with what there is of it. */
export interface ListedTuple {
  readonly tuple: Tuple;
  /** Undefined where no engine says so. */
  readonly upToDate: boolean | undefined;
  /** Why it is not, in sentences without a full stop. */
  readonly why: readonly string[];
  readonly outputs: readonly (Pick<OutputState, 'output' | 'name'> & {
    /** Undefined if it is not known whether it is there, null if it is not. */
    readonly found: OutputState['found'] | null;
  })[];
}

/**
 * All tuples of a site with what there is of them. Nothing is started, and no stage is pulled. Without an engine that
 * can be used, that is reported as a warning, and only archives are known of.
 */
export async function listSite(site: Site, world: SiteWorld): Promise<readonly ListedTuple[]> {
  if (site.tuples.length === 0) return [];
  const run = await tryToOpen(site, world);
  if (run === undefined) return site.tuples.map((tuple) => listWithoutEngine(site, tuple));
  const hasStage = [...run.stages.values()].some(({ image }) => image !== undefined);
  if (hasStage)
    for (const warning of treeWarnings(plannedTrees(run))) await world.report({ type: 'warning', ...warning });
  const listed: ListedTuple[] = [];
  for (const tuple of site.tuples) {
    const fingerprint = fingerprintTuple(site, tuple, surroundingsOf(run, tuple));
    const { outputs } = await judgeOutputs(run, tuple, fingerprint);
    const why = outputs.find((output) => output.why.length > 0)?.why ?? [];
    const found = outputs.map((output) => ({ ...output, found: output.found ?? null }));
    listed.push({ tuple, upToDate: why.length === 0, why, outputs: found });
  }
  return listed;
}

async function tryToOpen(site: Site, world: SiteWorld): Promise<SiteRun | undefined> {
  try {
    return await openSiteRun(site, world, { keepFailed: false, pull: false });
  } catch (error) {
    if (!(error instanceof Failure) || world.signal.aborted) throw error;
    const message = `what is built is not shown: ${error.message}`;
    await world.report({
      type: 'warning',
      message,
      hint: error.hint ?? 'what the site is made of is shown all the same',
    });
    return undefined;
  }
}

function listWithoutEngine(site: Site, tuple: Tuple): ListedTuple {
  const outputs = tuple.outputs.map((output) => {
    if (output === 'image') return { output, name: imageName({ site }, tuple), found: undefined };
    const { name, found } = statArchive({ outputDirectory: defaultOutputDirectory(site) }, tuple);
    return { output, name, found: found ?? null };
  });
  return { tuple, upToDate: undefined, why: [], outputs };
}
