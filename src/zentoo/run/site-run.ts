import type { ImageId } from '../../engine/identifiers.ts';
import type { Image, ListedImage } from '../../engine/images.ts';
import type { StoreServer } from '../../serve/use-store-server.ts';
import type { PackagesOrder } from '../../plan/work-order.ts';
import type { Tmpfs } from '../../portage/output/emerge-report.ts';
import type { Site } from '../../site/site.ts';
import type { Base } from '../../container/base-image.ts';
import type { BuildContext } from '../../container/context.ts';
import type { MountChoice } from '../../container/mounts.ts';
import type { Partition } from '../../store/partition.ts';
import type { SiteVolumeNames } from '../identity/volume-names.ts';
import type { CheckedCpus } from './checked-cpus.ts';
import type { TupleWork } from './tuple-work.ts';

/** A site's volumes and host paths, to be mounted in its containers. */
export interface SiteMounts {
  readonly binpkgs: MountChoice;
  readonly distfiles: MountChoice;
  readonly logs: MountChoice;
  /** The metadata of ebuilds whose repository ships no cache of it; only `zentoo sync` writes to it. */
  readonly metadata: MountChoice;
  /** The trees by the names of the repositories. */
  readonly trees: ReadonlyMap<string, MountChoice>;
}

/** The context of one command for one site, passed to every step. */
export interface SiteRun extends BuildContext, SiteVolumeNames {
  readonly site: Site;
  readonly mounts: SiteMounts;
  /** The tuples that the command works on. */
  readonly tuples: readonly TupleWork[];
  /** An image of a stage that the engine has, for looking into volumes; undefined if it has none. */
  readonly anyStage: PresentBase | undefined;
  /** The site's images at the start of the run, by name. */
  readonly images: ReadonlyMap<string, ListedImage>;
  /** The images that zentoo committed for the site, by name; images that the run commits are added. */
  readonly registered: Map<string, ImageId>;
  /** The revisions of the trees, by the names of the repositories. */
  readonly revisions: ReadonlyMap<string, string>;
  /** Whether the container of a failed step is kept, so that the user can look into it. */
  readonly keepFailed: boolean;
  readonly started: Date;
  /** The tmpfs on which each container builds packages; undefined if packages are built on a volume. */
  readonly tmpfs?: Tmpfs | undefined;
  /**
   * The memory limit of containers in bytes, if `limits` in site.yaml has none. Other work of their machine comes first. Undefined if the
   * build has the machine for itself.
   */
  readonly besideOthers?: { readonly memory: number };
  /** The directory for archives, on the file system of this program. */
  readonly outputDirectory: string;
  /** Defined if the run is on another engine than the site's own. */
  readonly elsewhere?: Elsewhere;
}

/** What a run has that compiles packages on another engine than that of the site's store. */
export interface Elsewhere {
  /** The name of the engine in the events of its tasks. */
  readonly engine: string;
  /** The options by which `docker` uses the engine. */
  readonly options: readonly string[];
  /** The CPUs whose code the engine was found to run or not. */
  readonly cpus: CheckedCpus;
  /** The run on the site's own engine, which takes the new packages into the store. */
  readonly home: SiteRun;
  /** Brings what an order needs to the engine, but for the files that come from a server. */
  supply(needed: NeededFiles): Promise<Supplies>;
  /** Tells that the new packages of the run's order have come to the site's own engine. */
  readonly arrived?: () => void;
}

/** The order for which an engine is supplied. */
export interface NeededFiles extends Pick<PackagesOrder, 'packages' | 'dependencies'> {
  readonly work: TupleWork;
  readonly base: PresentBase;
  readonly partition: Partition;
}

/** The packages and sources of the store that an order may use on another engine. */
export interface Supplies {
  /** The indexes of the packages, by their partitions. Without a server, the paths in them are absolute. */
  readonly indexes: ReadonlyMap<Partition, string>;
  /** The server from which packages and sources come; undefined if they were brought. */
  readonly server: StoreServer | undefined;
}

/** A base that the engine has. */
export type PresentBase = Base & { readonly image: Image };

/** Finds a tuple of a run by its name: work orders are data, and name their tuples. */
export function tupleNamed({ site, tuples }: Pick<SiteRun, 'site' | 'tuples'>, name: string): TupleWork {
  const work = tuples.find(({ tuple }) => tuple.name === name);
  if (work === undefined) throw new Error(`the run of the site ${site.name} has no tuple ${name}`);
  return work;
}
