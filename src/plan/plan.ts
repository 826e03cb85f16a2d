import type { Failure } from '../failure.ts';
import type { Output, Tuple } from '../site/site.ts';

/** What would be done for a site, and why. Nothing of it has been done. */
export interface SitePlan {
  readonly site: string;
  readonly trees: readonly PlannedTree[];
  /** Each once, in the order of the tuples that need them. */
  readonly buildmasters: readonly BuildmasterPlan[];
  readonly tuples: readonly TuplePlan[];
  readonly warnings: readonly PlanWarning[];
}

/** Something that is not as one might think it is, and what can be done about it. */
export interface PlanWarning {
  readonly message: string;
  readonly hint: string | undefined;
}

/** The tree of a repository, as it is in its volume. */
export interface PlannedTree {
  readonly repository: string;
  /** What is there; undefined if it was never synced. */
  readonly revision: string | undefined;
  /** What site.lock says; undefined if it says nothing. */
  readonly locked: string | undefined;
}

export interface BuildmasterPlan {
  /** `<cpu>-<portage>` */
  readonly name: string;
  readonly stage: string;
  readonly action: 'reuse' | 'make';
  /** Sentences without a full stop; none if it is reused. */
  readonly why: readonly string[];
  /** The image's name. */
  readonly image: string;
}

/** What would be done for one tuple. */
export interface TuplePlan {
  readonly tuple: Tuple;
  /** Nothing is to be done. */
  readonly upToDate: boolean;
  /** Why it is not, in sentences without a full stop. */
  readonly why: readonly string[];
  readonly buildmaster: BuildmasterPlan;
  /** Where its binary packages are, below the store; undefined as long as there is no buildmaster to ask. */
  readonly partition: string | undefined;
  /** In the order in which Portage would merge them; empty if it is up to date. */
  readonly packages: readonly PackagePlan[];
  /** What Portage said besides, line by line. */
  readonly notes: readonly string[];
  /** What a plan cannot foresee, in sentences without a full stop. */
  readonly unforeseen: readonly string[];
  /** Why it cannot be built. */
  readonly failure: Failure | undefined;
  readonly outputs: readonly OutputPlan[];
}

export interface OutputPlan {
  readonly output: Output;
  /** The image's name, or the archive's path. */
  readonly name: string;
  readonly action: 'keep' | 'make';
  /** A clause: why it is made. */
  readonly why: string;
}

/** What would be done with one package. */
export interface PackagePlan {
  readonly action: 'compile' | 'reuse' | 'installed-by-stage' | 'remove';
  /** `category/name-version` */
  readonly cpv: string;
  readonly slot: string;
  readonly repository: string;
  /** Clauses without a full stop, joined by semicolons. */
  readonly why: string;
  /** `+ssl -ipv6`, and the variables of USE_EXPAND after it: `PYTHON_TARGETS: +python3_12`. */
  readonly use: string;
  /** Which binary package of the store: `net-misc/curl-8.1.0-2`; undefined if none. */
  readonly from: string | undefined;
}
