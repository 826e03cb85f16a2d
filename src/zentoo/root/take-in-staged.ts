import { workDirectory } from '../../container/work-directories.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { Failure, type FailureDetails } from '../../failure.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { takeIn, type ExpectedPackage, type RefusedPackage } from '../../store/intake/take-in.ts';
import type { StoreMount } from '../../store/portage-program.ts';
import type { ExpectedPackages, StagedPackages } from './staged-packages.ts';

/** A failure because the store refused packages that were planned. */
export class PackageRefused extends Failure {
  /** Whether the packages fit if they are compiled once more and come out the same. */
  readonly again: boolean;

  readonly #refused: readonly RefusedPackage[];

  constructor(
    refused: readonly RefusedPackage[],
    { message, ...details }: FailureDetails & { readonly message?: string } = {},
  ) {
    const names = refused.map(({ cpv, why }) => `${cpv}: ${why}`).join('; ');
    super('package-refused', message ?? `failed to take the new package into the store: ${names}`, {
      hint: 'look for a program that wrote to PKGDIR while the package was compiled or merged: the log of the build may show it',
      causedBy: refused[0]?.cpv,
      ...details,
    });
    this.again = refused.every(({ again }) => again);
    this.#refused = refused;
  }

  override with(changes: FailureDetails & { readonly message?: string }): PackageRefused {
    const { message, hint, place, logTail, causedBy, elog, cause } = this;
    return new PackageRefused(this.#refused, { message, hint, place, logTail, causedBy, elog, cause, ...changes });
  }
}

/**
 * Takes new packages into their partitions, in a container that has the store writable and the staging place on its work volume.
 * Warns of each package that was not expected. Throws {@link PackageRefused} if a planned package is refused.
 */
export async function takeInStaged(writer: ContainerSession, packages: StagedPackages): Promise<void> {
  // Portage reads its profile from a tree.
  const run: StoreMount['run'] = (request) =>
    writer.run({ ...request, command: underLock('shared', writer, request.command) });
  const failed: RefusedPackage[] = [];
  const staged = await packages.seal();
  for (const partition of new Set(staged.map((one) => one.partition))) {
    const { place, packages: planned }: ExpectedPackages = packages.expected.get(partition) ?? {
      ...{ place: { partition }, packages: [] },
    };
    const { taken, refused } = await takeIn({ ...place, run }, `${workDirectory}/${partition}`, planned);
    const isTaken = ({ cpv }: RefusedPackage) => taken.some((one) => one.cpv === cpv);
    for (const one of refused) {
      if (!isTaken(one) && planned.some((package_) => isRequired(package_, one))) failed.push(one);
      else
        await writer.report({
          type: 'warning',
          message: `refused the new package ${one.path}: ${one.why}`,
          hint: `it is not in the store (${partition}); something that ran with the packages of ${writer.base} made it`,
        });
    }
  }
  if (failed.length > 0) throw new PackageRefused(failed);
}

function isRequired({ cpv, missingOnly, anyFlags }: ExpectedPackage, refused: RefusedPackage): boolean {
  return cpv === refused.cpv && missingOnly === undefined && anyFlags === undefined;
}
