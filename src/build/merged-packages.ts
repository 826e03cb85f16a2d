import type { PackageArgument } from '../portage/atom.ts';

/** Category and name, and the version behind them. */
const withVersion = /^(.*)-(\d[^-]*(?:-r\d+)?)$/;

/** The version of the package that an atom asked for, among those that were merged (`category/name-version`). */
export function packageVersion(atom: PackageArgument, merged: readonly string[]): string | undefined {
  const [, operator = '', operand = ''] = /^([<>=~]*)([^:[]*)/.exec(atom) ?? [];
  const name = operator === '' ? operand : withVersion.exec(operand.replace(/\*$/, ''))?.[1];
  const named = (known: string | undefined, text: string) => known === text || known?.endsWith(`/${text}`) === true;
  const packages = merged.map((cpv) => [cpv, ...(withVersion.exec(cpv) ?? []).slice(1)] as const);
  const found =
    packages.find(([cpv]) => operator === '=' && named(cpv, operand)) ??
    packages.find(([, known]) => name !== undefined && named(known, name));
  return found?.[2];
}
