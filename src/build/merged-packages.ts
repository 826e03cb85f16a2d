import type { PackageArgument } from '../portage/atom.ts';

/** The version of the package that an atom asked for, among those that were merged (`category/name-version`). */
export function packageVersion(atom: PackageArgument, merged: readonly string[]): string | undefined {
  const name = /^[<>=~]*([^:[]*)/.exec(atom)?.[1] ?? '';
  for (const cpv of merged) {
    const split = /^(.*)-(\d[^-]*(?:-r\d+)?)$/.exec(cpv);
    if (split === null) continue;
    const [, categoryAndName = '', version] = split;
    const matches = [categoryAndName, cpv].some((known) => known === name || known.endsWith(`/${name}`));
    if (matches) return version;
  }
  return undefined;
}
