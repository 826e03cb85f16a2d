import type { Base } from '../../container/base-image.ts';
import { Failure, Failures } from '../../failure.ts';
import type { Remark } from '../../portage/configuration/make-conf-tokens.ts';
import type { MakeConfVariable } from '../../portage/configuration/make-conf.ts';
import { defaultOptionsProblem, ignoresDefaultOptions } from '../../portage/emerge-option.ts';
import type { BaseEnv } from './base-env.ts';
import type { GivenMakeConf } from './make-conf.ts';

/** The parts of a request that change the settings of a base. */
export interface BaseOptions {
  readonly given: GivenMakeConf | undefined;
  readonly emergeOptions: readonly string[];
}

interface Settings extends BaseEnv {
  readonly inUserFile: <Said extends Remark>(said: Said) => Said;
}

/**
 * Throws the faults of package.env at which every emerge fails, and a value of EMERGE_DEFAULT_OPTS with which emerge would not
 * install the packages: `usage` if the user's file has it, otherwise `base-unusable`. The environment of the base overrides the files.
 */
export function refuseBaseFaults(
  { variables, remarks, inUserFile }: Settings,
  base: Base,
  { given, emergeOptions }: BaseOptions,
): void {
  const unusable = (what: string, hint: string) =>
    new Failure('base-unusable', `failed to use the base ${base.name}: ${what}`, { hint });
  const shown = ({ place, message }: Remark) => `${place.file}:${place.line}:${place.column}: ${message}`;
  const failures = remarks
    .filter(({ isFatal }) => isFatal)
    .map((remark) => unusable(shown(remark), 'emerge fails at this line: correct the file in the base'));
  const defaults = findDefaultOptions(variables, base);
  const problem =
    defaults && !ignoresDefaultOptions(emergeOptions)
      ? defaultOptionsProblem(defaults.value, emergeOptions)
      : undefined;
  if (defaults && problem !== undefined) {
    const hint = 'or let emerge ignore the variable: --emerge-option=--ignore-default-opts';
    const message = `EMERGE_DEFAULT_OPTS ${problem}`;
    const remark = defaults.place && inUserFile({ place: defaults.place, message });
    if (remark === undefined) failures.push(unusable(`its environment: ${message}`, hint));
    else if (remark.place.file !== given?.path) failures.push(unusable(shown(remark), hint));
    else failures.push(new Failure('usage', shown(remark), { place: remark.place, hint }));
  }
  const [first, ...others] = failures;
  if (first) throw new Failures([first, ...others]);
}

/** The value of EMERGE_DEFAULT_OPTS in the environment of the base, or else in its files. */
function findDefaultOptions(
  variables: ReadonlyMap<string, MakeConfVariable>,
  { image }: Base,
): { readonly value: string; readonly place?: MakeConfVariable['place'] } | undefined {
  const name = 'EMERGE_DEFAULT_OPTS';
  const inEnvironment = image?.environment.findLast((one) => one.startsWith(`${name}=`));
  return inEnvironment === undefined ? variables.get(name) : { value: inEnvironment.slice(name.length + 1) };
}
