import * as v from 'valibot';
import type { EmergeAbilities } from '../portage/emerge-abilities.ts';
import { outputNames, type OutputName } from '../output-name.ts';

/**
 * One unit of work of a site's build. An order holds names, digests and settings only, so it can be written as JSON and sent to
 * another node. The executor looks up everything else in its own copy of the site.
 */
export type WorkOrder =
  /** Makes the buildmaster image of this tuple, which other tuples may share. */
  | { readonly kind: 'buildmaster'; readonly tuple: string; readonly buildmaster: string }
  /** Asks Portage, in a container of the buildmaster, which packages the tuples need. */
  | { readonly kind: 'resolve'; readonly tuples: readonly string[]; readonly buildmaster: string }
  | ({ readonly kind: 'packages' } & PackagesOrder)
  /** Assembles the root of a tuple from the store, and makes the outputs from the root. */
  | {
      readonly kind: 'assemble';
      readonly tuple: string;
      readonly buildmaster: string;
      /** The digest of the tuple's fingerprint. */
      readonly fingerprint: string;
      readonly outputs: readonly OutputName[];
    };

/** An order of one kind. */
export type OrderOf<Kind extends WorkOrder['kind']> = Extract<WorkOrder, { readonly kind: Kind }>;

/** Compiles packages into the store, all in one container of the buildmaster. */
export interface PackagesOrder {
  /** One of the tuples that need the packages; the hook `compile` gets its names. */
  readonly tuple: string;
  readonly buildmaster: string;
  /** One package, or several packages that need each other in a cycle. */
  readonly packages: readonly OrderedPackage[];
  /** The dependencies (`category/name-version`) that emerge installs from the store into the same root before it compiles. */
  readonly dependencies: readonly string[];
  /** The directory of the store that the packages go to. */
  readonly partition: string;
  /** Identifies the inputs of the compilation: ebuilds, settings, dependencies and the stage. Empty if they are not known. */
  readonly inputs: string;
  readonly abilities: EmergeAbilities;
}

/** A package version that is compiled. */
export interface OrderedPackage {
  /** `category/name-version` */
  readonly cpv: string;
  readonly slot: string;
  /** The ebuild repository; empty if Portage did not name it. */
  readonly repository: string;
  /** The root that Portage installs the package into. */
  readonly root: string;
}

/** The schema of {@link EmergeAbilities}. */
export const emergeAbilitiesSchema: v.GenericSchema<unknown, EmergeAbilities> = v.strictObject({
  observable: v.boolean(),
  measuresSpace: v.boolean(),
});

const text = v.string();
const texts = v.array(text);

/** The schema of a work order that was written as JSON. */
export const workOrderSchema: v.GenericSchema<unknown, WorkOrder> = v.variant('kind', [
  v.strictObject({ kind: v.literal('buildmaster'), tuple: text, buildmaster: text }),
  v.strictObject({ kind: v.literal('resolve'), tuples: texts, buildmaster: text }),
  v.strictObject({
    kind: v.literal('packages'),
    tuple: text,
    buildmaster: text,
    packages: v.array(v.strictObject({ cpv: text, slot: text, repository: text, root: text })),
    dependencies: texts,
    partition: text,
    inputs: text,
    abilities: emergeAbilitiesSchema,
  }),
  v.strictObject({
    kind: v.literal('assemble'),
    tuple: text,
    buildmaster: text,
    fingerprint: text,
    outputs: v.array(v.picklist(outputNames)),
  }),
]);
