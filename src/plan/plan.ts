import type { Failure } from '../failure.ts';
import type { OutputName } from '../output-name.ts';
import type { Tuple } from '../site/site.ts';
import type { SiteNode } from './expand-site.ts';

/** The actions of a site's build, with the reason for each. */
export interface SitePlan {
  readonly site: string;
  readonly trees: readonly PlannedTree[];
  /** Each buildmaster once, in the order of the tuples that need it. */
  readonly buildmasters: readonly BuildmasterPlan[];
  readonly tuples: readonly TuplePlan[];
  /** The graph of work orders that a build would run. */
  readonly graph: readonly SiteNode[];
  /** The ids of the nodes that a build would not run: hopeless packages, and packages that need them. */
  readonly blocked: readonly string[];
  readonly warnings: readonly PlanWarning[];
}

/** A state of the site that its user may not expect, and a hint. */
export interface PlanWarning {
  readonly message: string;
  readonly hint: string | undefined;
}

/** The tree of an ebuild repository in its volume. */
export interface PlannedTree {
  readonly repository: string;
  /** The revision of the tree; undefined if the tree was never synced. */
  readonly revision: string | undefined;
  /** The revision in site.lock; undefined if site.lock has none. */
  readonly locked: string | undefined;
}

/** The action of a build for a buildmaster. */
export interface BuildmasterPlan {
  /** `<cpu>-<portage>` */
  readonly name: string;
  readonly stage: string;
  readonly action: 'reuse' | 'make';
  /** The reasons to make it, as sentences without a full stop; empty if it is reused. */
  readonly why: readonly string[];
  /** The image's name. */
  readonly image: string;
}

/** The actions of a build for one tuple. */
export interface TuplePlan {
  readonly tuple: Tuple;
  /** Whether the build would do nothing for the tuple. */
  readonly upToDate: boolean;
  /** The reasons why the tuple is not up to date, as sentences without a full stop. */
  readonly why: readonly string[];
  readonly buildmaster: BuildmasterPlan;
  /** The partition of the store that has the tuple's binary packages; undefined if it is unknown. */
  readonly partition: string | undefined;
  /** The packages in the order in which Portage would merge them; empty if the tuple is up to date. */
  readonly packages: readonly PackagePlan[];
  /** Further messages of Portage, line by line. */
  readonly notes: readonly string[];
  /** The actions that the plan cannot foresee, in sentences without a full stop. */
  readonly unforeseen: readonly string[];
  /** The reason why the tuple cannot be built; undefined if it can be built. */
  readonly failure: Failure | undefined;
  readonly outputs: readonly OutputPlan[];
}

/** The action of a build for an output. */
export interface OutputPlan {
  readonly output: OutputName;
  /** The image's name, or the archive's path. */
  readonly name: string;
  readonly action: 'keep' | 'make';
  /** The reason to make the output, as a clause. */
  readonly why: string;
}

/** The action of a build for one package. */
export interface PackagePlan {
  readonly action: 'compile' | 'reuse' | 'installed-by-stage' | 'remove' | 'fail';
  /** `category/name-version` */
  readonly cpv: string;
  readonly slot: string;
  readonly repository: string;
  /** The reasons for the action, as clauses without a full stop, joined by semicolons. */
  readonly why: string;
  /** The USE flags, `+ssl -ipv6`, and then the variables of USE_EXPAND: `PYTHON_TARGETS: +python3_12`. */
  readonly use: string;
  /** The binary package of the store, such as `net-misc/curl-8.1.0-2`; undefined if there is none. */
  readonly from: string | undefined;
}
