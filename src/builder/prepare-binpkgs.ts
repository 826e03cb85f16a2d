import type { ContainerSession } from '../container/container-session.ts';
import { defaultTarget } from '../container/mounts.ts';
import { workDirectory } from '../container/work-directories.ts';
import { EngineRefusal } from '../engine/refusal.ts';
import { Failure } from '../failure.ts';
import { mendPartition } from '../emerge/mend-partition.ts';
import { takeOverPackages } from '../emerge/take-over-packages.ts';
import { asksForRemotePackages } from '../portage/emerge-option.ts';
import type { PortageSettings } from '../emerge/portage-settings.ts';
import type { MendOptions, StoreCheck } from '../store/check-store.ts';
import type { BuildRequest } from './build-request.ts';

/** How emerge uses the binary packages of the store. */
export interface BinpkgUse {
  /** The PKGDIR; undefined if binary packages are neither used nor made. */
  readonly pkgdir: string | undefined;
  /** Whether emerge reads no packages but those that the product made. */
  readonly ownPackagesOnly: boolean;
}

/** Repairs the partition of the store, and decides how emerge uses it. */
export async function prepareBinpkgs(
  request: BuildRequest,
  session: ContainerSession,
  { partition }: Pick<PortageSettings, 'partition'>,
): Promise<BinpkgUse> {
  if (!request.binpkgs) return { pkgdir: undefined, ownPackagesOnly: false };
  const { signatures, remote, former } = await mendOrWarn(session, { partition });
  const warn = { task: 'take over the packages of version 0.1.0', without: 'them' };
  if (former) await orWarn(session, warn, () => takeOverPackages(session, { partition }));
  const asksHosts = remote || asksForRemotePackages(request.emergeOptions);
  if (signatures && asksHosts) {
    await session.report({
      type: 'warning',
      message:
        'the binary packages of the store are not used: FEATURES has binpkg-request-signature, and packages of remote hosts are asked for',
      hint: 'set verify-signature = true for the hosts in binrepos.conf, and remove binpkg-request-signature from FEATURES',
    });
    return { pkgdir: `${workDirectory}/binpkgs`, ownPackagesOnly: false };
  }
  return {
    pkgdir: `${defaultTarget('binpkgs')}/${partition}`,
    ownPackagesOnly: !asksHosts,
  };
}

/**
 * Repairs the partition. If the check itself fails, for example because the base's Portage is too old for it, a warning says
 * so, and the build goes on.
 */
export async function mendOrWarn(
  session: ContainerSession,
  { partition }: Pick<PortageSettings, 'partition'>,
  options?: MendOptions,
): Promise<StoreCheck> {
  const check = () => mendPartition(session, { partition }, options);
  const warn = { task: 'check the binary packages', without: 'this check' };
  return (await orWarn(session, warn, check)) ?? unchecked;
}

/** Does work that a build can do without. If it fails, a warning says so, and the result is undefined. */
async function orWarn<Result>(
  session: ContainerSession,
  { task, without }: { readonly task: string; readonly without: string },
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (session.signal.aborted || !(error instanceof Failure || error instanceof EngineRefusal)) throw error;
    const why = error instanceof Failure ? error.message : `failed to ${task}: ${error.message}`;
    await session.report({ type: 'warning', message: `${why}; the build goes on without ${without}` });
    return undefined;
  }
}

const unchecked: StoreCheck = {
  ...{ faults: [], unfit: [], unverified: [], packages: 0 },
  ...{ isInOrder: true, signatures: false, remote: false, former: false },
};
