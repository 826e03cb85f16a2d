import type { ListedImage } from '../../engine/engine.ts';
import type { Tmpfs } from '../../portage/emerge-report.ts';
import type { Site, Tuple } from '../../site/site.ts';
import type { Base } from '../base-image.ts';
import type { BuildContext } from '../context.ts';
import type { MountChoice } from '../mounts.ts';

/** A site's volumes and host paths, as they are mounted in its containers. */
export interface SiteMounts {
  readonly binpkgs: MountChoice;
  readonly distfiles: MountChoice;
  readonly logs: MountChoice;
  /** By the names of the repositories. */
  readonly trees: ReadonlyMap<string, MountChoice>;
}

/** What every step of a run for a site works with. */
export interface SiteRun extends BuildContext {
  readonly site: Site;
  readonly mounts: SiteMounts;
  /** The stages' images, by the stages' names. */
  readonly stages: ReadonlyMap<string, Base>;
  /** The site's images as they were when the run began, by their names. */
  readonly images: ReadonlyMap<string, ListedImage>;
  /** What the trees are at, by the names of the repositories. */
  readonly revisions: ReadonlyMap<string, string>;
  /** Whether the container of what fails is left to be looked at. */
  readonly keepFailed: boolean;
  readonly started: Date;
  /** What packages are built on, in each container; undefined where that is a volume. */
  readonly tmpfs?: Tmpfs | undefined;
  /** Where archives go: a directory of this program's own file system. */
  readonly outputDirectory: string;
}

/** The image of a tuple's stage. */
export function stageOf({ stages }: Pick<SiteRun, 'stages'>, { stage }: Pick<Tuple, 'stage'>): Base {
  return stages.get(stage.name) ?? { name: stage.image, image: undefined };
}
