import type { Image } from '../../engine/engine.ts';
import { explainDifference, readInputsLabel } from '../../plan/explain-difference.ts';
import { fingerprintBuildmaster, type Inputs } from '../../plan/fingerprint.ts';
import type { BuildmasterPlan } from '../../plan/plan.ts';
import type { Tuple } from '../../site/site.ts';
import { inputsLabel } from './labels.ts';
import { buildmasterName, findBuildmaster, type Buildmaster } from './make-buildmaster.ts';
import type { SiteRun } from './site-run.ts';
import { surroundingsOf } from './surroundings.ts';

type Labelled = Pick<Image, 'labels'>;

/** What would be done for a buildmaster, with the one that is there. */
export interface PlannedBuildmaster {
  readonly plan: BuildmasterPlan;
  readonly found: Buildmaster | undefined;
}

/**
 * Says what would be done for the buildmasters of a run, of each the same to all tuples that share it. `image` is the
 * tuple's own, whatever it was made of: what has changed since says why another buildmaster is needed.
 */
export function createBuildmasterPlanner(
  run: SiteRun,
): (tuple: Tuple, image: Labelled | undefined) => Promise<PlannedBuildmaster> {
  const planned = new Map<string, PlannedBuildmaster>();
  const names = new Set<string>();
  return async (tuple, image) => {
    const fingerprint = fingerprintBuildmaster(tuple, surroundingsOf(run, tuple));
    const imageOfIt = buildmasterName(run, tuple, fingerprint);
    const known = planned.get(imageOfIt);
    if (known !== undefined) return known;
    const found = await findBuildmaster(run, tuple, fingerprint);
    const short = `${tuple.cpu.name}-${tuple.portage.name}`;
    // Stage or hooks may tell two of one cpu and branch apart.
    const name = names.has(short) ? imageOfIt.slice(imageOfIt.lastIndexOf(':') + 1) : short;
    names.add(name);
    const why = found === undefined ? whyMade(image, fingerprint.inputs) : [];
    const plan = { name, stage: tuple.stage.name, action: found ? 'reuse' : 'make', why, image: imageOfIt } as const;
    const both = { plan, found };
    planned.set(imageOfIt, both);
    return both;
  };
}

function whyMade(image: Labelled | undefined, inputs: Inputs): readonly string[] {
  const former = readInputsLabel(image?.labels[inputsLabel]) ?? {};
  // Of hooks a tuple's image has the whole branch: what they were to its buildmaster is not known.
  const names = Object.keys(inputs).filter((name) => !name.startsWith('hook/'));
  const shared = (all: Inputs) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name) || /^(?:tree|cpu)\//.test(name)));
  const changes = Object.keys(former).length === 0 ? [] : explainDifference(shared(former), shared(inputs));
  return changes.length > 0 ? changes : ['there is none yet'];
}
