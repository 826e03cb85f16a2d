import { readLabel } from '../../engine/image-labels.ts';
import type { Image } from '../../engine/images.ts';
import { explainDifference, readInputsLabel } from '../../plan/explain-difference.ts';
import type { Inputs } from '../../plan/fingerprint.ts';
import type { BuildmasterPlan } from '../../plan/plan.ts';
import { inputsLabel } from '../identity/labels.ts';
import { findBuildmaster, type Buildmaster } from './make-buildmaster.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

type Labelled = Pick<Image, 'labels'>;

/** The plan for a buildmaster, and the buildmaster itself if the engine has it. */
export interface PlannedBuildmaster {
  readonly plan: BuildmasterPlan;
  readonly found: Buildmaster | undefined;
}

/**
 * Plans the buildmasters of a run; tuples that share a buildmaster get the same answer. `image` is the tuple's current image: its
 * inputs show why another buildmaster is needed.
 */
export function createBuildmasterPlanner(
  run: SiteRun,
): (work: TupleWork, image: Labelled | undefined) => Promise<PlannedBuildmaster> {
  const planned = new Map<string, PlannedBuildmaster>();
  const names = new Set<string>();
  return async (work, image) => {
    const { tuple } = work;
    const { name: imageOfIt, fingerprint } = work.buildmaster;
    const known = planned.get(imageOfIt);
    if (known !== undefined) return known;
    const found = await findBuildmaster(run, work);
    const short = `${tuple.cpu.name}-${tuple.portage.name}`;
    // Buildmasters of one CPU and branch may still differ in stage or hooks.
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
  const former = readInputsLabel(readLabel(image?.labels ?? {}, inputsLabel)) ?? {};
  // An image's inputs name all hooks of the branch, and do not tell which of them ran in its buildmaster.
  const names = Object.keys(inputs).filter((name) => !name.startsWith('hook/'));
  const shared = (all: Inputs) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name) || /^(?:tree|cpu)\//.test(name)));
  const changes = Object.keys(former).length === 0 ? [] : explainDifference(shared(former), shared(inputs));
  return changes.length > 0 ? changes : ['there is no buildmaster yet'];
}
