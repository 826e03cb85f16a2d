import type { ContainerSession } from '../container/container-session.ts';
import { underLock } from '../job/tree/tree-scripts.ts';
import { moveFormerPackages } from '../store/move-former.ts';
import type { PartitionKey } from '../store/partition.ts';
import type { StoreMount } from '../store/portage-program.ts';

/**
 * Takes over the binary packages of version 0.1.0 whose records prove the settings of a partition. Reports how many packages were
 * moved, and which ones have to be compiled again and why. The store is mounted writable.
 */
export async function takeOverPackages(
  session: ContainerSession,
  { partition, environment = {} }: Pick<StoreMount, 'partition' | 'environment'>,
  key: PartitionKey = {},
): Promise<void> {
  const run: StoreMount['run'] = (request) =>
    session.run({ ...request, command: underLock('shared', session, request.command) });
  const { moved, left } = await moveFormerPackages({ partition, environment, run }, key);
  if (moved > 0)
    await session.report({ type: 'note', message: `took over ${moved} packages of version 0.1.0 into ${partition}` });
  for (const { path, cpv, why } of left)
    await session.report({
      type: 'warning',
      message: `the package ${cpv} of version 0.1.0 is not used: ${why}`,
      hint: `it is compiled again when it is needed; the file is in the store: ${path}`,
    });
}
