import type { PackageArgument } from '../../portage/atom.ts';
import type { Tuple } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { resolveSet, type SetAtom } from './resolve-set.ts';
import { placeOf } from './root-place.ts';

/** What emerge is asked for to compile a tuple's set, and a plan foretells: both have to be the same. */
export interface SetRequest {
  /** How it chooses. */
  readonly options: readonly string[];
  readonly packages: readonly PackageArgument[];
  /** The set's own atoms, with those of the sets that it names. */
  readonly own: readonly SetAtom[];
}

/**
 * What the set itself names is merged in any case, as the root is to have it from the store; what that needs, where the
 * container has it older or otherwise; and what the stage lacks of its own @system. The set is installed there.
 */
export async function requestSet(
  context: Pick<BuildContext, 'engine'>,
  container: BuildContainer,
  tuple: Tuple,
): Promise<SetRequest> {
  const { packages } = tuple;
  const { environment } = placeOf(tuple);
  const own = await resolveSet(context, container, packages.name, environment);
  const system = await resolveSet(context, container, 'system', environment);
  const reinstalled = [...new Set(own.map((atom) => atom.package))].join(' ');
  return {
    options: ['--update', '--deep', '--newuse', ...(own.length === 0 ? [] : [`--reinstall-atoms=${reinstalled}`])],
    // Portage's own words, which are what it takes.
    packages: [
      `@${packages.name}`,
      ...system.filter(({ installed }) => !installed).map(({ atom }) => atom),
    ] as readonly string[] as readonly PackageArgument[],
    own,
  };
}
