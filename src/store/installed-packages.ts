import * as v from 'valibot';
import { pythonProgram } from '../container-program.ts';
import type { CommandRunner } from '../engine/run-command.ts';
import { Failure } from '../failure.ts';
import { parseJson } from '../parse-json.ts';

/** A package in a database of installed packages. */
export interface InstalledPackage {
  /** `category/name-version` */
  readonly cpv: string;
  /** The slot, with the sub-slot if there is one. */
  readonly slot: string;
  /** The repository of the ebuild; empty if it is not known. */
  readonly repository: string;
  /** The package's own flags (IUSE) by name: enabled and disabled when it was built. */
  readonly use: { readonly enabled: readonly string[]; readonly disabled: readonly string[] };
  /** The number that distinguishes builds of one version in a store; undefined if the package was never packaged. */
  readonly buildId: number | undefined;
  /** The time at which the package was compiled, in seconds since 1970. */
  readonly buildTime: number | undefined;
  readonly chost: string;
  readonly cflags: string;
  /** The size of the installed files in bytes. */
  readonly size: number | undefined;
  /** Portage's merge counter: another merge of the same package has another number. */
  readonly counter: number | undefined;
}

/** The files that are read for each package (portage(5), "/var/db/pkg"). */
const entries = {
  SLOT: v.string(),
  repository: v.string(),
  USE: v.string(),
  IUSE: v.string(),
  BUILD_ID: v.string(),
  BUILD_TIME: v.string(),
  CHOST: v.string(),
  CFLAGS: v.string(),
  SIZE: v.string(),
  COUNTER: v.string(),
};

const packageList = v.array(v.object({ cpv: v.string(), ...entries }));

/**
 * Lists the packages that are installed in a root of a running container, sorted, from the files of its package database; the
 * list is empty without a database. Throws `base-unusable` if the program fails.
 */
export async function listInstalledPackages({ run }: CommandRunner, root = '/'): Promise<readonly InstalledPackage[]> {
  const database = `${root.replace(/\/+$/, '')}/var/db/pkg`;
  const program = new URL('./installed-packages.py', import.meta.url);
  const command = pythonProgram(program, database, ...Object.keys(entries));
  const { stdout, stderr } = await run({ command });
  const packages = parseInstalledPackages(stdout);
  if (packages !== undefined) return packages;
  throw new Failure('base-unusable', `failed to list the installed packages: ${database} could not be read`, {
    logTail: (stderr || stdout).split('\n').filter(Boolean).slice(-20),
    hint: 'check that the stage has python3, which zentoo and Portage need',
  });
}

/** Reads the answer of `installed-packages.py`; undefined if it does not match, or was cut. */
export function parseInstalledPackages(json: string): readonly InstalledPackage[] | undefined {
  return parseJson(packageList, json)?.map((entry) => ({
    cpv: entry.cpv,
    slot: entry.SLOT,
    repository: entry.repository,
    use: splitUse(entry.USE, entry.IUSE),
    buildId: readNumber(entry.BUILD_ID),
    buildTime: readNumber(entry.BUILD_TIME),
    chost: entry.CHOST,
    cflags: entry.CFLAGS,
    size: readNumber(entry.SIZE),
    counter: readNumber(entry.COUNTER),
  }));
}

/** The flags as `emerge --pretend --verbose` shows them. USE has more, such as the architecture; IUSE has + and - as defaults. */
function splitUse(use: string, iuse: string): InstalledPackage['use'] {
  const set = new Set(words(use));
  const own = [...new Set(words(iuse).map((flag) => flag.replace(/^[+-]/, '')))].toSorted();
  return { enabled: own.filter((flag) => set.has(flag)), disabled: own.filter((flag) => !set.has(flag)) };
}

const words = (text: string): readonly string[] => text.split(' ').filter(Boolean);

function readNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
