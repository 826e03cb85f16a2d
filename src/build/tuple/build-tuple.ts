import { writeInputsLabel } from '../../plan/explain-difference.ts';
import type { Fingerprint } from '../../plan/fingerprint.ts';
import type { Tuple } from '../../site/site.ts';
import { createStepTimer, type StepDurations } from '../step-timer.ts';
import { stopBuildContainer } from '../stop-build-container.ts';
import { assembleRoot } from './assemble-root.ts';
import { commitRoot } from './commit-root.ts';
import { compileSet } from './compile-set.ts';
import { inRoot } from './in-root.ts';
import { fingerprintLabel, inputsLabel, partitionLabel, siteLabel, tupleLabel } from './labels.ts';
import type { Buildmaster } from './make-buildmaster.ts';
import { stageOf, type SiteRun } from './site-run.ts';

/** What came of building a tuple. Durations are in seconds. */
export interface BuiltTuple {
  readonly image: string;
  readonly merged: readonly string[];
  readonly durations: StepDurations;
}

/** The name of a tuple's image. */
export function imageName({ site }: Pick<SiteRun, 'site'>, { name }: Pick<Tuple, 'name'>): string {
  return `zentoo/${site.name}/${name}:latest`;
}

/** Compiles a tuple's set into the store, assembles its root from there, and makes its outputs of that. */
export async function buildTuple(
  run: SiteRun,
  tuple: Tuple,
  buildmaster: Buildmaster,
  fingerprint: Fingerprint,
): Promise<BuiltTuple> {
  const step = createStepTimer(run.report, tuple.name);
  const { merged } = await step('compile', `@${tuple.packages.name}`, compileSet, run, tuple, buildmaster);
  const base = stageOf(run, tuple);
  const name = imageName(run, tuple);
  const root = { base, portage: tuple.portage, subject: tuple.name, step: 'assemble', store: 'read-only' } as const;
  await inRoot(run, root, async (container) => {
    await step('assemble', `from ${base.name}`, assembleRoot, run, tuple, buildmaster, container);
    await stopBuildContainer(run.engine, container);
    await step('commit', name, commitRoot, run, container, {
      name,
      base,
      labels: {
        [siteLabel]: run.site.name,
        [tupleLabel]: tuple.name,
        [fingerprintLabel]: fingerprint.digest,
        [inputsLabel]: writeInputsLabel(fingerprint.inputs),
        [partitionLabel]: buildmaster.partition,
      },
    });
  });
  return { image: name, merged, durations: step.durations };
}
