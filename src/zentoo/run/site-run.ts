import type { ImageId } from '../../engine/identifiers.ts';
import type { Image, ListedImage } from '../../engine/images.ts';
import type { Tmpfs } from '../../portage/output/emerge-report.ts';
import type { Site } from '../../site/site.ts';
import type { Base } from '../../container/base-image.ts';
import type { BuildContext } from '../../container/context.ts';
import type { MountChoice } from '../../container/mounts.ts';
import type { SiteVolumeNames } from '../identity/volume-names.ts';
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
  /** The directory for archives, on the file system of this program. */
  readonly outputDirectory: string;
}

/** A base that the engine has. */
export type PresentBase = Base & { readonly image: Image };

/** Finds a tuple of a run by its name: work orders are data, and name their tuples. */
export function tupleNamed({ site, tuples }: Pick<SiteRun, 'site' | 'tuples'>, name: string): TupleWork {
  const work = tuples.find(({ tuple }) => tuple.name === name);
  if (work === undefined) throw new Error(`the run of the site ${site.name} has no tuple ${name}`);
  return work;
}
