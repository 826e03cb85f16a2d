import type { ContainerSession } from '../container/container-session.ts';
import { underLock } from '../job/tree/tree-scripts.ts';
import { mendStore, type MendOptions, type StoreCheck } from '../store/check-store.ts';
import type { StoreMount } from '../store/portage-program.ts';

/**
 * Repairs a partition of the store before emerge uses it, and warns of each file that is not used, with its path. The trees are
 * locked against syncs meanwhile, because Portage reads its profile from a tree.
 */
export async function mendPartition(
  session: ContainerSession,
  { partition, environment = {} }: Pick<StoreMount, 'partition' | 'environment'>,
  options?: MendOptions,
): Promise<StoreCheck> {
  const run: StoreMount['run'] = (request) =>
    session.run({ ...request, command: underLock('shared', session, request.command) });
  const check = await mendStore({ partition, environment, run }, options);
  for (const fault of check.faults)
    await session.report({ type: 'warning', message: `the index of ${partition} in the store was repaired: ${fault}` });
  for (const { path, why } of check.unfit)
    await session.report({
      type: 'warning',
      message: `the binary package ${path} is not used: ${why}`,
      hint: `its package is compiled again; the file is in the store: quarantine/${partition}/${path}`,
    });
  for (const { path, why } of check.unverified)
    await session.report({
      type: 'warning',
      message: `the binary package ${path} could not be verified: ${why}`,
      hint: 'the file stays where it is and is not used here: make the base able to read it, or remove the file',
    });
  return check;
}
