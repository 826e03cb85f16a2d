import type { Base } from '../../container/base-image.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { readPortageSettings } from '../../emerge/portage-settings.ts';
import type { ExpectedPackage } from '../../store/intake/take-in.ts';
import { cpvOf, listStaged, type StagedPackage } from '../../store/intake/staging.ts';
import { readElog, readElogOfFailure } from '../../emerge/read-elog.ts';
import type { ElogEntry } from '../../portage/output/elog.ts';
import type { Partition } from '../../store/partition.ts';
import type { StoreMount } from '../../store/portage-program.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** A partition, and the environment of Portage in which its settings apply. */
export type PackagePlace = Pick<StoreMount, 'partition' | 'environment'>;

/** The packages that may come from the staging place of a container into a partition. */
export interface ExpectedPackages {
  readonly place: PackagePlace;
  readonly packages: readonly ExpectedPackage[];
}

/** The new packages of a container and their messages, and which of the packages are expected in the store. */
export class StagedPackages {
  /** The image of the container that takes them, if it is not that of this container. It has the settings of the partitions. */
  base: Base | undefined;
  /** Gives that container the settings of the partitions, if its image does not have them. */
  prepare: ((writer: ContainerSession) => Promise<unknown>) | undefined;
  readonly #session: ContainerSession;
  readonly #expected = new Map<Partition, ExpectedPackages>();
  #staged: readonly StagedPackage[] | undefined;
  #elog: readonly ElogEntry[] | undefined;

  constructor(session: ContainerSession) {
    this.#session = session;
  }

  /** The partitions for which packages are expected. */
  get expected(): ReadonlyMap<Partition, ExpectedPackages> {
    return this.#expected;
  }

  /** Adds packages that may come into a partition. Of a version, the first one counts. */
  expect(place: PackagePlace, packages: readonly ExpectedPackage[]): void {
    const known = this.#expected.get(place.partition)?.packages ?? [];
    const added = packages.filter(({ cpv }) => !known.some((one) => one.cpv === cpv));
    this.#expected.set(place.partition, { place, packages: [...known, ...added] });
  }

  /** Adds the packages that are staged now, for example by a hook, if the store does not have their versions. */
  async expectStaged(place: PackagePlace): Promise<void> {
    const own = (await listStaged(this.#session)).filter(({ partition }) => partition === place.partition);
    const cpvs = [...new Set(own.map(cpvOf))];
    this.expect(
      place,
      cpvs.map((cpv) => ({ cpv, missingOnly: true, anyFlags: true })),
    );
  }

  /** Lists the new packages once, while the container runs; later calls return the same list. */
  async seal(): Promise<readonly StagedPackage[]> {
    this.#staged ??= await listStaged(this.#session);
    return this.#staged;
  }

  /** Reads the messages (elog) of the packages once, after the last emerge and while the container runs. */
  async readElog(): Promise<readonly ElogEntry[]> {
    this.#elog ??= await readElog(this.#session);
    return this.#elog;
  }

  /** Reads the messages, if they were not read, after the work in the container failed; none if the container cannot be asked. */
  async readElogBefore(error: unknown): Promise<void> {
    this.#elog ??= await readElogOfFailure(this.#session, error);
  }

  /** The messages that were read. */
  get elog(): readonly ElogEntry[] {
    return this.#elog ?? [];
  }
}

/**
 * The places of a tuple's packages: `host` is for packages of the stage's own root, which is another place than `root` in a
 * cross build.
 *
 * @param partition the partition of the tuple's buildmaster
 */
export async function packagePlaces(
  session: ContainerSession,
  { tuple, location }: TupleWork,
  partition: Partition,
): Promise<{ readonly root: PackagePlace; readonly host: PackagePlace }> {
  const root = { partition, environment: location.environment };
  if (!tuple.cross) return { root, host: root };
  const settings = await readPortageSettings(session);
  return { root, host: { partition: settings.partition, environment: {} } };
}
