import * as v from 'valibot';
import { pythonProgram } from '../container-program.ts';
import type { CommandRunner } from '../engine/run-command.ts';
import { parseLastLineAsJson } from '../parse-json.ts';

/** The sizes of a package in bytes; null if a size is not known. */
export interface PackageSize {
  /** Of its installed files, as Portage recorded it. */
  readonly installed: number | null;
  /** The size of the binary package's file. */
  readonly binary: number | null;
}

/** Sizes by `category/name-version`. */
export type PackageSizes = Readonly<Record<string, PackageSize>>;

const size = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0)));

const packageSizesSchema = v.record(v.string(), v.strictObject({ installed: size, binary: size }));

/**
 * Measures the packages that are installed in a root of a running container. `pkgdir` contains their binary packages;
 * undefined if there are none. Returns an empty object if the program fails: a record without sizes is no reason to fail a build.
 */
export async function measurePackages(
  { run }: CommandRunner,
  { root = '/', pkgdir = '' }: { readonly root?: string | undefined; readonly pkgdir?: string | undefined },
): Promise<PackageSizes> {
  const database = `${root.replace(/\/+$/, '')}/var/db/pkg`;
  const program = new URL('./package-sizes.py', import.meta.url);
  const { stdout } = await run({ command: pythonProgram(program, database, pkgdir) });
  return parseLastLineAsJson(packageSizesSchema, stdout) ?? {};
}
