import type { ContainerSession } from '../container/container-session.ts';
import { Failure } from '../failure.ts';
import { findMissingPackages } from '../emerge/missing-packages.ts';
import { findHinderingOption, ignoresDefaultOptions, installsOnlyDependencies } from '../portage/emerge-option.ts';
import { splitShellWords } from '../portage/shell-words.ts';
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
 * a set because of an option such as --pretend. Portage is asked only about packages that were not merged, and where it takes
 * EMERGE_DEFAULT_OPTS from. With --onlydeps as an option of the request the packages are not meant to be installed.
 */
export async function requireInstalled(
  { packages, emergeOptions }: Pick<BuildRequest, 'packages' | 'emergeOptions'>,
  session: ContainerSession,
  merged: readonly string[],
): Promise<void> {
  if (installsOnlyDependencies(emergeOptions)) return;
  const atoms = packages.filter((name) => !isSetName(name) && packageVersion(name, merged) === undefined);
  const sets = merged.length === 0 ? packages.filter(isSetName) : [];
  if (atoms.length + sets.length === 0) return;
  const answer = await findMissingPackages(session, atoms);
  if (answer === undefined) {
    const message = `failed to check whether ${atoms.join(', ')} is installed: Portage printed no answer`;
    await session.report({ type: 'warning', message, hint: 'look into the image before you use it' });
    return;
  }
  const cause = findCause(emergeOptions, answer);
  // With other options, nothing to do for a set means that all of it is installed.
  const wanted = [...answer.missing, ...(cause?.effect === 'nothing' ? sets : [])];
  if (wanted.length === 0) return;
  const them = wanted.length === 1 ? 'it' : 'them';
  throw new Failure(
    'emerge-failed',
    `failed to install ${wanted.join(', ')}: emerge ended without an error and did not install ${them}`,
    { hint: cause?.hint ?? `read the output of emerge above for its reason${describeOptions(answer)}` },
  );
}

interface DefaultOptions {
  readonly options: string;
  readonly origin: string | null;
}

/** The option in force with which emerge does not install all packages, and where it stands; undefined if no option does that. */
function findCause(given: readonly string[], defaults: DefaultOptions) {
  const split = splitShellWords(ignoresDefaultOptions(given) ? '' : defaults.options);
  const words = 'fault' in split ? [] : split.words;
  const option = findHinderingOption([...words, ...given]);
  if (option === undefined) return undefined;
  const isGiven = findHinderingOption(given)?.name === option.name;
  const place = isGiven ? '--emerge-option' : `EMERGE_DEFAULT_OPTS in ${defaults.origin ?? 'the base'}`;
  return { effect: option.effect, hint: `remove ${option.name} from ${place}: ${option.why}` };
}

function describeOptions({ options, origin }: DefaultOptions): string {
  return origin === null ? '' : `; EMERGE_DEFAULT_OPTS is "${options}" (${origin})`;
}
