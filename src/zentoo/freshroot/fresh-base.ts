import { tellElog } from '../../emerge/report-elog.ts';
import { readLabel } from '../../engine/image-labels.ts';
import { Failure } from '../../failure.ts';
import { explainDifference, readInputsLabel } from '../../plan/explain-difference.ts';
import { withTask } from '../../report/with-task.ts';
import type { Base } from '../../container/base-image.ts';
import { createStepTimer } from '../../job/step-timer.ts';
import { findCurrentImage } from '../root/current-image.ts';
import { inputsLabel } from '../identity/labels.ts';
import { shareMachine } from '../run/machine-share.ts';
import { findBuildmaster, makeBuildmaster, type Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { imageName } from '../output/output-names.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** The root to enter: a tuple's root as it was built, or its stage, ready to compile for its CPU. */
export interface FreshRoot {
  readonly type: 'tuple' | 'stage';
  readonly work: TupleWork;
}

/** The image that the container of a fresh root starts from. */
export interface FreshBase {
  readonly base: Base;
  /** The buildmaster, if it is the base; undefined if the base is the tuple's own image. */
  readonly buildmaster: Buildmaster | undefined;
}

/** Whether the root is entered through a buildmaster: a stage, or a cross tuple, whose own root has no Portage. */
export function needsBuildmaster({ type, work }: FreshRoot): boolean {
  return type === 'stage' || work.tuple.cross;
}

/**
 * Finds the base of a fresh root: the image of the tuple, with a warning if it is out of date, or the buildmaster, which is
 * made if it is missing. Throws `base-unusable` if the tuple has no image.
 */
export async function findFreshBase(run: SiteRun, root: FreshRoot): Promise<FreshBase> {
  const { work } = root;
  const { tuple } = work;
  if (!needsBuildmaster(root)) return { base: await findImage(run, work), buildmaster: undefined };
  const step = createStepTimer(run.report, tuple.name);
  const buildmaster =
    (await findBuildmaster(run, work)) ??
    (await step('buildmaster', `from ${work.stage.name}`, async () => {
      const share = shareMachine(await run.engine.info(), 1, run.site.limits);
      const ofTask = { ...run, report: withTask(run.report, tuple.name) };
      return tellElog(ofTask, makeBuildmaster(ofTask, work, share));
    }));
  return { base: { name: buildmaster.name, image: buildmaster.image }, buildmaster };
}

async function findImage(run: SiteRun, { tuple, stage: base, fingerprint }: TupleWork): Promise<Base> {
  const { engine } = run;
  const name = imageName(run, tuple);
  const hint = `zentoo build ${tuple.name}`;
  const image = await engine.inspectImage(name);
  if (image === undefined)
    throw new Failure('base-unusable', `failed to enter ${name}: the tuple has not been built`, { hint });
  if ((await findCurrentImage(run, name, { base, fingerprint: fingerprint.digest })) === undefined) {
    const changes = explainDifference(readInputsLabel(readLabel(image.labels, inputsLabel)) ?? {}, fingerprint.inputs);
    const why = image.labels[inputsLabel] === undefined || changes.length === 0 ? '' : `: ${changes.join('; ')}`;
    await run.report({ type: 'warning', message: `${name} is out of date${why}`, hint });
  }
  return { name, image };
}
