import type { Base } from '../../container/base-image.ts';
import { fingerprintBuildmaster, fingerprintTuple, type Fingerprint } from '../../plan/fingerprint.ts';
import { crossEnvironment, crossRoot, repositoryLinks, type RepositoryLink } from '../../portage/cross-root.ts';
import type { Site, Tuple } from '../../site/site.ts';
import { externalInputsOf } from './external-inputs.ts';

/** A tuple with all data that a run derives from it. Derived once, when the run is opened; steps take the data as a whole. */
export interface TupleWork {
  readonly tuple: Tuple;
  /** The image of its stage. */
  readonly stage: Base;
  readonly location: RootLocation;
  readonly fingerprint: Fingerprint;
  /** The buildmaster that compiles its packages, whether the image exists or not. */
  readonly buildmaster: BuildmasterIdentity;
}

/** The identity of a buildmaster: tuples with the same name share it. */
export interface BuildmasterIdentity {
  /** `zentoo/<site>/buildmaster:<cpu>-<portage>-<8 hexadecimal digits>` */
  readonly name: string;
  readonly fingerprint: Fingerprint;
}

/** The location of a tuple's root in its container: `/`, or a directory below it if the stage compiles for another CHOST. */
export interface RootLocation {
  /** `/`, or an absolute path without a slash at its end. */
  readonly root: string;
  /** The root's /etc/portage. */
  readonly configuration: string;
  /** The environment of Portage's programs that work on this root. */
  readonly environment: Readonly<Record<string, string>>;
  /** Links in the root to the ebuild repositories, needed while Portage works. */
  readonly links: readonly RepositoryLink[];
}

/** The data that the work of tuples is derived from. */
export interface TupleSources {
  readonly site: Site;
  /** The stages' images, by the stages' names. */
  readonly stages: ReadonlyMap<string, Base>;
  /** The revisions of the trees, by the names of the repositories. */
  readonly revisions: ReadonlyMap<string, string>;
}

/** Derives the data of a tuple. Needs no engine. */
export function tupleWork({ site, stages, revisions }: TupleSources, tuple: Tuple): TupleWork {
  const stage = stages.get(tuple.stage.name) ?? { name: tuple.stage.image, image: undefined };
  const inputs = externalInputsOf(tuple, stage, revisions);
  const fingerprint = fingerprintBuildmaster(tuple, inputs);
  return {
    tuple,
    stage,
    location: rootLocation(tuple),
    fingerprint: fingerprintTuple(site, tuple, inputs),
    buildmaster: { name: buildmasterName(site, tuple, fingerprint), fingerprint },
  };
}

function rootLocation({ cross, cpu, portage }: Tuple): RootLocation {
  if (!cross) return { root: '/', configuration: '/etc/portage', environment: {}, links: [] };
  const root = crossRoot(cpu.chost);
  const locations = portage.repositories.map(({ location }) => location);
  return {
    root,
    configuration: `${root}/etc/portage`,
    environment: crossEnvironment(cpu.chost),
    links: repositoryLinks(cpu.chost, locations),
  };
}

/** Returns the image name of a tuple's buildmaster. Its digits distinguish buildmasters that differ only in stage or hooks. */
function buildmasterName(site: Site, { cpu, portage }: Tuple, { digest }: Fingerprint): string {
  return `zentoo/${site.name}/buildmaster:${`${cpu.name}-${portage.name}`.slice(0, 100)}-${digest.slice(0, 8)}`;
}
