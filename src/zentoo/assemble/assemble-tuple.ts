import type { AssembledTuple } from '../../plan/work-answer.ts';
import { unlinkRepositoriesCommand } from '../../emerge/cross-scripts.ts';
import { createStepTimer } from '../../job/step-timer.ts';
import { listInstalledPackages } from '../../store/installed-packages.ts';
import { measurePackages } from '../../store/package-sizes.ts';
import { pkgdirOf } from '../../store/portage-program.ts';
import type { Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { kindsOf } from '../output/output-kinds.ts';
import { withRootContainer } from '../root/with-root-container.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';
import { assembleRoot } from './assemble-root.ts';

/** Assembles a tuple's root from the store, and makes the tuple's outputs from the root. */
export async function assembleTuple(
  run: SiteRun,
  work: TupleWork,
  { partition }: Pick<Buildmaster, 'partition'>,
): Promise<AssembledTuple> {
  const { tuple, stage: base, location } = work;
  const step = createStepTimer(run.report, tuple.name);
  const options = { subject: tuple.name, step: 'assemble', store: 'read-only', merges: true } as const;
  const made = await withRootContainer(run, { base, portage: tuple.portage, ...options }, async (session, packages) => {
    const ofStage = await listInstalledPackages(session, location.root);
    await step('assemble', `from ${base.name}`, () => assembleRoot(run, work, session));
    const elog = await packages.readElog();
    const pkgdir = pkgdirOf({ partition });
    const sizes = await measurePackages(session, { root: location.root, pkgdir });
    if (location.links.length > 0) await session.run({ command: unlinkRepositoriesCommand(location.links) });
    const root = { work, partition, ofStage };
    const names: (readonly [string, string])[] = [];
    for (const kind of kindsOf(tuple.outputs)) {
      const { name } = kind.find(run, tuple);
      names.push([kind.name, await step(kind.step, name, () => kind.make(run, session, root))]);
    }
    return { outputs: Object.fromEntries(names), sizes, elog };
  });
  return { ...made, durations: step.durations };
}
