import * as v from 'valibot';
import type { ElogEntry } from '../portage/output/elog.ts';
import { outputNames, type OutputName } from '../output-name.ts';
import { failureRecordSchema, type FailureRecord } from './failure-record.ts';
import type { ResolvedPackages } from './package-pool.ts';
import type { EmergeAbilities } from '../portage/emerge-abilities.ts';
import { emergeAbilitiesSchema } from './work-order.ts';

/** The result of a work order that succeeded. It can be written as JSON, as an order can. */
export type WorkAnswer =
  | { readonly kind: 'buildmaster'; readonly elog: readonly ElogEntry[] }
  /** One answer per tuple of the order, in the order's sequence. */
  | { readonly kind: 'resolve'; readonly abilities: EmergeAbilities; readonly tuples: readonly TupleAnswer[] }
  | { readonly kind: 'packages'; readonly elog: readonly ElogEntry[] }
  | ({ readonly kind: 'assemble' } & AssembledTuple);

/** Portage's answer about one tuple. */
export type TupleAnswer =
  | {
      readonly type: 'resolved';
      readonly tuple: string;
      readonly resolved: ResolvedPackages;
      readonly origins: readonly PackageOrigin[];
    }
  | { readonly type: 'refused'; readonly tuple: string; readonly failures: readonly FailureRecord[] };

/** The origin of a package of a tuple. */
export interface PackageOrigin {
  /** `category/name-version` */
  readonly cpv: string;
  /**
   * The package was compiled by this build, reused from the store, or taken from the binary packages of another host
   * (`upstream`).
   */
  readonly origin: 'compiled' | 'reused' | 'upstream';
  /** The reasons for the merge, as clauses without a full stop, joined by semicolons. */
  readonly why: string;
}

/** The result of assembling a tuple. */
export interface AssembledTuple {
  /** For each output that was made, the image's name or the archive's path. */
  readonly outputs: Readonly<Partial<Record<OutputName, string>>>;
  /** The sizes of the root's packages in bytes, by `category/name-version`; null if a size is not known. */
  readonly sizes: Readonly<Record<string, { readonly installed: number | null; readonly binary: number | null }>>;
  /** The messages of the packages that were merged. */
  readonly elog: readonly ElogEntry[];
  /** The seconds that each step took, by the step's name. */
  readonly durations: Readonly<Record<string, number>>;
}

const text = v.string();
const bytes = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0)));

const elogSchema: v.GenericSchema<unknown, readonly ElogEntry[]> = v.array(
  v.strictObject({
    cpv: text,
    time: v.pipe(v.string(), v.isoTimestamp(), v.toDate()),
    messages: v.array(
      v.strictObject({
        level: v.picklist(['log', 'warn', 'error', 'info', 'qa']),
        phase: text,
        lines: v.array(text),
      }),
    ),
  }),
);

/** The schema of {@link ResolvedPackages}. */
export const resolvedPackagesSchema: v.GenericSchema<unknown, ResolvedPackages> = v.strictObject({
  packages: v.array(
    v.strictObject({
      cpv: text,
      slot: text,
      repository: text,
      root: text,
      isCompiled: v.boolean(),
      use: v.array(text),
      inputs: text,
    }),
  ),
  needs: v.array(v.array(v.number())),
  partitions: v.strictObject({ root: text, host: text }),
});

/** The schema of an answer that was written as JSON. */
export const workAnswerSchema: v.GenericSchema<unknown, WorkAnswer> = v.variant('kind', [
  v.strictObject({ kind: v.literal('buildmaster'), elog: elogSchema }),
  v.strictObject({
    kind: v.literal('resolve'),
    abilities: emergeAbilitiesSchema,
    tuples: v.array(
      v.variant('type', [
        v.strictObject({
          type: v.literal('resolved'),
          tuple: text,
          resolved: resolvedPackagesSchema,
          origins: v.array(
            v.strictObject({ cpv: text, origin: v.picklist(['compiled', 'reused', 'upstream']), why: text }),
          ),
        }),
        v.strictObject({ type: v.literal('refused'), tuple: text, failures: v.array(failureRecordSchema) }),
      ]),
    ),
  }),
  v.strictObject({ kind: v.literal('packages'), elog: elogSchema }),
  v.strictObject({
    kind: v.literal('assemble'),
    outputs: v.record(v.picklist(outputNames), text),
    sizes: v.record(text, v.strictObject({ installed: bytes, binary: bytes })),
    elog: elogSchema,
    durations: v.record(text, v.number()),
  }),
]);
