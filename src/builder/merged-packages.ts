import type { ContainerSession } from '../container/container-session.ts';
import { Failure } from '../failure.ts';
import { findMissingPackages } from '../emerge/missing-packages.ts';
import { defaultAction } from '../portage/emerge-option.ts';
import type { BuildRequest } from './build-request.ts';
import { isSetName, type PackageArgument } from '../portage/atom.ts';
import { splitCpv } from '../portage/cpv.ts';

/** Finds the version of the package that `atom` names. `merged` are the merged packages (`category/name-version`). */
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

/**
 * Throws `emerge-failed` if emerge ended without an error, but a package of the request is not installed, or nothing was merged for
 * a set: EMERGE_DEFAULT_OPTS in make.conf or in the environment of the base may have --pretend or --fetchonly. Portage is asked
 * only about packages that were not merged. With --onlydeps the packages are not meant to be installed.
 */
export async function requireInstalled(
  { packages, emergeOptions }: Pick<BuildRequest, 'packages' | 'emergeOptions'>,
  session: ContainerSession,
  merged: readonly string[],
): Promise<void> {
  if (emergeOptions.some(isOnlyDependencies)) return;
  const atoms = packages.filter((name) => !isSetName(name) && packageVersion(name, merged) === undefined);
  const sets = merged.length === 0 ? packages.filter(isSetName) : [];
  if (atoms.length + sets.length === 0) return;
  const answer = await findMissingPackages(session, atoms);
  if (answer === undefined) {
    const message = `failed to check whether ${atoms.join(', ')} is installed: Portage printed no answer`;
    await session.report({ type: 'warning', message, hint: 'look into the image before you use it' });
    return;
  }
  const action = defaultAction(answer.options);
  const wanted = [...answer.missing, ...(action === undefined ? [] : sets)];
  if (wanted.length === 0) return;
  throw new Failure(
    'emerge-failed',
    `failed to install ${wanted.join(', ')}: emerge ended without an error and did not install ${wanted.length === 1 ? 'it' : 'them'}`,
    {
      hint:
        action === undefined
          ? 'read the output of emerge above; an option in EMERGE_DEFAULT_OPTS or --emerge-option may exclude the package'
          : `remove ${action} from EMERGE_DEFAULT_OPTS in make.conf or in the environment of the base: emerge installs nothing with it`,
    },
  );
}

function isOnlyDependencies(option: string): boolean {
  return /^--onlydeps(?:=y)?$/.test(option) || /^-[A-Za-z0-9]*o/.test(option);
}
