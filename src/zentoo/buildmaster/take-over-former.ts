import type { ContainerSession } from '../../container/container-session.ts';
import { readPortageSettings } from '../../emerge/portage-settings.ts';
import { takeOverPackages } from '../../emerge/take-over-packages.ts';
import type { Partition } from '../../store/partition.ts';
import { earlyHooks } from '../configure/hook-digest.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** Takes over the binary packages of zentoo 0.1.0 for the settings of a tuple, and in a cross build those of its stage. */
export async function takeOverFormerPackages(
  session: ContainerSession,
  { tuple, location }: TupleWork,
  partition: Partition,
): Promise<void> {
  const { environment } = location;
  const key = { cpu: tuple.cpu.name, hooks: earlyHooks(tuple.buildhooks) };
  await takeOverPackages(session, { partition, environment }, key);
  if (tuple.cross) await takeOverPackages(session, await readPortageSettings(session));
}
