import type { Image } from '../../engine/images.ts';
import type { OutputName } from '../../output-name.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import type { Site, Tuple } from '../../site/site.ts';
import type { InstalledPackage } from '../../store/installed-packages.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** The state of one output of a tuple. */
export interface OutputState {
  readonly output: OutputName;
  /** The image's name, or the archive's path. */
  readonly name: string;
  /** The size in bytes and the time of the output that exists, even if it is out of date; undefined if there is none. */
  readonly found: { readonly size: number; readonly made: Date } | undefined;
  /** The reasons why the output is out of date, as sentences without a full stop; empty if it is up to date. */
  readonly why: readonly string[];
}

/** The image of a tuple, which is looked up even if the tuple has other outputs only. */
export interface ImageState {
  readonly image: Pick<Image, 'labels' | 'created' | 'size'> | undefined;
  readonly why: readonly string[];
}

/** The parts of a run that tell whether an output is up to date. */
export type OutputPlaces = Pick<SiteRun, 'engine' | 'site' | 'images' | 'registered' | 'outputDirectory'>;

/** A root that has been assembled in a container. */
export interface AssembledRoot {
  readonly work: TupleWork;
  /** The directory of the store that its packages are from. */
  readonly partition: string;
  /** The packages that the stage had installed before anything was merged. */
  readonly ofStage: readonly InstalledPackage[];
}

/**
 * A kind of output. To add a kind: add its name to `src/output-name.ts` and to `site.schema.json`. Every place that lacks the new
 * kind is then a type error, or fails `test/unit/zentoo/output/output-kinds.test.ts`.
 */
export interface OutputKind {
  readonly name: OutputName;
  /** The step that makes the output, as events name it. */
  readonly step: 'archive' | 'commit';
  /** Whether `make` stops the container. Such an output is made last. */
  readonly stopsContainer: boolean;
  /** Finds the state of the output, as far as it is known without an engine. `found` is null if the output does not exist. */
  find(place: OutputPlace, tuple: Pick<Tuple, 'name'>): FoundOutput;
  /** Checks before a build that the output can be written. */
  prepare(run: SiteRun): Promise<void>;
  /** Checks whether the output exists and is up to date. */
  check(run: OutputPlaces, work: TupleWork, image: ImageState): Promise<OutputState>;
  /** Makes the output of the root in this container, and returns its name. */
  make(run: SiteRun, session: ContainerSession, root: AssembledRoot): Promise<string>;
}

/** The place of a site's outputs. */
export interface OutputPlace {
  readonly site: Pick<Site, 'name'>;
  readonly outputDirectory: string;
}

/** An output as it is found without an engine. */
export interface FoundOutput {
  readonly name: string;
  /** The output that exists; null if there is none, undefined if only the engine knows. */
  readonly found: OutputState['found'] | null;
}
