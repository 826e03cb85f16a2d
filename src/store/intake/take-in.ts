import * as v from 'valibot';
import { Failure } from '../../failure.ts';
import { checkModules } from '../check-store.ts';
import { storeDirectory } from '../store-directory.ts';
import { askPortage, pkgdirOf, quarantineOf, type Question, type StoreMount } from '../portage-program.ts';

/** A package that may be taken into a partition. */
export interface ExpectedPackage {
  /** `category/name-version`; `*` stands for any package. */
  readonly cpv: string;
  /** The slot; any if undefined. */
  readonly slot?: string;
  /** Whether the package is only taken if the partition has none of this version. */
  readonly missingOnly?: true;
  /** Whether the package may have been compiled with other flags than the partition's. */
  readonly anyFlags?: true;
}

/** A package that was taken into a partition. */
export interface TakenPackage {
  /** The path in the staging place. */
  readonly path: string;
  readonly cpv: string;
  /** The build id in the partition: the staged one, or the next that is free. */
  readonly buildId: number;
}

/** A package that was not taken. */
export interface RefusedPackage {
  /** The path in the staging place. */
  readonly path: string;
  /** `category/name-version`, as the path says it; empty if it does not. */
  readonly cpv: string;
  readonly why: string;
  /** Whether a package of this version was expected. */
  readonly expected: boolean;
  /** Whether the package fits if it is compiled once more and comes out the same: its ebuild then sets the flags. */
  readonly again: boolean;
}

/** What became of the packages in a staging place. */
export interface Intake {
  readonly taken: readonly TakenPackage[];
  readonly refused: readonly RefusedPackage[];
}

const text = v.string();
const truth = v.boolean();

/** The words of Python for a full disk (ENOSPC). */
const noSpace = '[Errno 28]';

/** The answer of `take-in.py`. */
const intake = v.object({
  taken: v.array(v.object({ path: text, cpv: text, buildId: v.pipe(v.number(), v.integer()) })),
  refused: v.array(v.object({ path: text, cpv: text, why: text, expected: truth, again: truth })),
});

const aboutIntake: Question = {
  code: 'store-corrupt',
  task: 'take new packages into the store',
  hint: 'read the output of Portage above: the store may be full, or mounted read-only',
};

/**
 * Takes new packages from a staging place into a partition that is mounted writable, in a container in which no ebuild runs. A package
 * is taken if it is whole, was expected, and was compiled for the partition; the others are refused. A package appears in the
 * partition as a whole or not at all, and Portage adds it to the index under its own lock. If the build id is in use, the
 * package gets the next one. Throws `disk-full` or `store-corrupt`. The staging place does not change, so the same packages may come twice: each is taken once.
 *
 * @param staging the directory of the partition's new packages; nothing writes to it meanwhile
 */
export async function takeIn(
  store: StoreMount,
  staging: string,
  expected: readonly ExpectedPackage[],
): Promise<Intake> {
  const program = [...checkModules(), new URL('./take-in.py', import.meta.url)];
  const args = [staging, pkgdirOf(store), quarantineOf(store), ...expected.map((one) => JSON.stringify(one))];
  try {
    return await askPortage(store, program, args, intake, aboutIntake);
  } catch (error) {
    if (!(error instanceof Failure) || !error.logTail.some((line) => line.includes(noSpace))) throw error;
    throw new Failure('disk-full', `failed to ${aboutIntake.task}: no space left on device at ${storeDirectory}`, {
      hint: `free space in the volume or directory that is mounted at ${storeDirectory}`,
      logTail: error.logTail,
    });
  }
}
