import { composedArgument, type PackageArgument } from '../../portage/atom.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { resolveSet, type SetAtom } from './resolve-set.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** The request to emerge for a tuple's set. A plan and a build use the same request, so that the plan is right. */
export interface SetRequest {
  /** The options that decide which packages emerge chooses. */
  readonly options: readonly string[];
  readonly packages: readonly PackageArgument[];
  /** The atoms of the set and of all sets that it names. */
  readonly own: readonly SetAtom[];
}

/**
 * Makes the request for a tuple's set, which has to be installed in the container. Emerge merges the packages that the set names
 * even if they are installed, because the root takes them from the store. It merges their dependencies if the installed ones are
 * older or differ, and the packages of @system that the stage lacks.
 */
export async function requestSet(session: ContainerSession, { tuple, location }: TupleWork): Promise<SetRequest> {
  const { packages } = tuple;
  const { environment } = location;
  const own = await resolveSet(session, packages.name, environment);
  const system = await resolveSet(session, 'system', environment);
  const reinstalled = [...new Set(own.map((atom) => atom.package))].join(' ');
  return {
    options: ['--update', '--deep', '--newuse', ...(own.length === 0 ? [] : [`--reinstall-atoms=${reinstalled}`])],
    packages: [
      composedArgument(`@${packages.name}`),
      ...system.filter(({ installed }) => !installed).map(({ atom }) => atom),
    ],
    own,
  };
}
