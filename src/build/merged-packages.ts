import type { PackageArgument } from '../portage/atom.ts';
import { splitCpv } from '../portage/cpv.ts';

/** The version of the package that an atom asked for, among those that were merged (`category/name-version`). */
export function packageVersion(atom: PackageArgument, merged: readonly string[]): string | undefined {
  const [, operator = '', operand = ''] = /^([<>=~]*)([^:[]*)/.exec(atom) ?? [];
  const name = operator === '' ? operand : splitCpv(operand.replace(/\*$/, ''))?.name;
  const isNamed = (known: string, text: string) => known === text || known.endsWith(`/${text}`);
  const packages = merged.map((cpv) => ({ cpv, ...splitCpv(cpv) }));
  const found =
    packages.find(({ cpv }) => operator === '=' && isNamed(cpv, operand)) ??
    packages.find((merge) => name !== undefined && merge.name !== undefined && isNamed(merge.name, name));
  return found?.version;
}
