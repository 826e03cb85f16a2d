import { Failure } from '../../failure.ts';
import { explainDifference, readInputsLabel } from '../../plan/explain-difference.ts';
import { fingerprintBuildmaster, fingerprintTuple } from '../../plan/fingerprint.ts';
import type { Tuple } from '../../site/site.ts';
import { withTask } from '../../report/with-task.ts';
import type { Base } from '../base-image.ts';
import { createStepTimer } from '../step-timer.ts';
import { findCurrentImage } from './current-image.ts';
import { inputsLabel } from './labels.ts';
import { shareMachine } from './machine-share.ts';
import { findBuildmaster, makeBuildmaster, type Buildmaster } from './make-buildmaster.ts';
import { imageName } from './output-names.ts';
import { stageOf, type SiteRun } from './site-run.ts';
import { surroundingsOf } from './surroundings.ts';

/** A tuple's root as it was built, or its stage, ready to compile for its cpu. */
export interface FreshRoot {
  readonly type: 'tuple' | 'stage';
  readonly tuple: Tuple;
}

/** What the container of a fresh root is made of. */
export interface FreshBase {
  readonly base: Base;
  /** Undefined where it is the tuple's own image. */
  readonly buildmaster: Buildmaster | undefined;
}

/** Whether it is entered as packages are compiled for it: a stage, and a tuple that is cross, whose own root has no Portage. */
export function needsBuildmaster({ type, tuple }: FreshRoot): boolean {
  return type === 'stage' || tuple.cross;
}

/**
 * Finds the image of a tuple, with a warning where it is out of date, or the buildmaster, which is made where it is
 * missing. Throws `base-unusable` where the tuple has no image.
 */
export async function findFreshBase(run: SiteRun, root: FreshRoot): Promise<FreshBase> {
  const { tuple } = root;
  if (!needsBuildmaster(root)) return { base: await findImage(run, tuple), buildmaster: undefined };
  const fingerprint = fingerprintBuildmaster(tuple, surroundingsOf(run, tuple));
  const step = createStepTimer(run.report, tuple.name);
  const buildmaster =
    (await findBuildmaster(run, tuple, fingerprint)) ??
    (await step('buildmaster', `from ${stageOf(run, tuple).name}`, async () => {
      const share = shareMachine(await run.engine.info(), 1, run.site.limits);
      const ofTask = { ...run, report: withTask(run.report, tuple.name) };
      return makeBuildmaster(ofTask, tuple, fingerprint, share);
    }));
  return { base: { name: buildmaster.name, image: buildmaster.image }, buildmaster };
}

async function findImage(run: SiteRun, tuple: Tuple): Promise<Base> {
  const { engine, site } = run;
  const name = imageName(run, tuple);
  const hint = `zentoo build ${tuple.name}`;
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
