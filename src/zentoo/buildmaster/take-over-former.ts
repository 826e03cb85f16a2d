import type { ContainerSession } from '../../container/container-session.ts';
import { readPortageSettings } from '../../emerge/portage-settings.ts';
import { takeOverPackages } from '../../emerge/take-over-packages.ts';
import { indexStaging } from '../../store/intake/staging.ts';
import { isPresentFormat, parsePartition, type Partition } from '../../store/partition.ts';
import { storeBesideStaging } from '../../store/store-directory.ts';
import { configureStage } from '../configure/configure-stage.ts';
import { earlyHooks } from '../configure/hook-digest.ts';
import { withStoreWriter } from '../root/with-root-container.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/**
 * Takes over the binary packages of zentoo 0.1.0 for the settings of a tuple, and in a cross build those of its stage. The session has
 * the store read-only, so another container does it, which is configured in the same way.
 */
export async function takeOverFormerPackages(
  run: SiteRun,
  session: ContainerSession,
  work: TupleWork,
  partition: Partition,
): Promise<void> {
  if (!(await hasFormerPartition(session))) return;
  const { tuple, stage: base, location } = work;
  const { environment } = location;
  const subject = `${tuple.cpu.name}-${tuple.portage.name}`;
  await withStoreWriter(run, { base, portage: tuple.portage, subject, step: 'take-over' }, async (writer) => {
    await configureStage(writer, work);
    const key = { cpu: tuple.cpu.name, hooks: earlyHooks(tuple.buildhooks) };
    await takeOverPackages(writer, { partition, environment }, key);
    if (tuple.cross) await takeOverPackages(writer, await readPortageSettings(writer));
  });
  await indexStaging(session);
}

async function hasFormerPartition({ run }: ContainerSession): Promise<boolean> {
  const command = ['find', storeBesideStaging, '-mindepth', '3', '-maxdepth', '3', '-type', 'd', '-printf', '%P\\n'];
  const partitions = (await run({ command })).stdout.split('\n').map(parsePartition);
  return partitions.some((one) => one !== undefined && !isPresentFormat(one));
}
