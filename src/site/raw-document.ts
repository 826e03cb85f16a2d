import * as v from 'valibot';
import { outputNames } from '../output-name.ts';

/**
 * A map of any keys, as a list of its entries; an invalid value is undefined. `record` of valibot would leave out the key
 * `constructor`, which is a valid name.
 */
function entriesOf<Value>(value: v.GenericSchema<unknown, Value>) {
  return v.pipe(
    v.custom<object>((map) => typeof map === 'object' && map !== null && !Array.isArray(map)),
    v.transform((map): unknown => Object.entries(map)),
    v.array(v.tuple([v.string(), v.undefinedable(value)])),
  );
}

const text = v.optional(v.string());
const texts = v.optional(v.array(v.undefinedable(v.string())));
const outputs = v.optional(v.array(v.undefinedable(v.picklist(outputNames))));

const rawStage = v.object({
  image: text,
  optimize: v.optional(v.picklist(['none', 'toolchain', 'system'])),
  branches: texts,
});

const rawTuple = v.object({
  ...{ cpu: text, portage: text, buildhooks: text, packages: text },
  cross: v.optional(v.boolean()),
  outputs,
});

/**
 * The form that `site.schema.json` guarantees after a check. An invalid value is undefined, and its key or its place in a list
 * stays.
 */
export const rawDocument = v.object({
  name: text,
  id: text,
  cpus: v.optional(entriesOf(entriesOf(v.string()))),
  stages: v.optional(entriesOf(rawStage)),
  outputs,
  volumes: v.optional(v.object({ binpkgs: text, distfiles: text, trees: v.optional(entriesOf(v.string())) })),
  limits: v.optional(v.object({ memory: text, cpus: v.optional(v.number()), 'big-packages': texts })),
  tmpfs: text,
  ccache: v.optional(v.boolean()),
  engines: v.optional(
    v.array(v.undefinedable(v.union([v.string(), v.object({ address: text, jobs: v.optional(v.number()) })]))),
  ),
  swarm: v.optional(v.union([v.boolean(), v.object({ registry: text, encrypted: v.optional(v.boolean()) })])),
  tuples: v.optional(v.array(v.undefinedable(rawTuple))),
});

/** The content of site.yaml, of which the invalid values are missing. */
export type RawDocument = v.InferOutput<typeof rawDocument>;

/** A stage of a {@link RawDocument}. */
export type RawStage = v.InferOutput<typeof rawStage>;
