import * as v from 'valibot';
import { planKey, type Fingerprint } from '../../plan/fingerprint.ts';
import { resolvedPackagesSchema } from '../../plan/work-answer.ts';
import { parseJson } from '../../parse-json.ts';
import type { Image } from '../../engine/images.ts';
import type { Tuple } from '../../site/site.ts';
import { parsePartition, type Partition } from '../../store/partition.ts';
import { lookInto } from '../../container/look-into.ts';
import { mountAt } from '../../container/mounts.ts';
import type { Probe } from '../../container/probe.ts';
import type { PortageAnswer } from '../compile/pretend-tuple.ts';
import type { SiteRun } from '../run/site-run.ts';
import { stateMount, statePlace } from '../run/site-state.ts';
import { stateVolume } from '../identity/volume-names.ts';

/** The format of the cache: increment it when zentoo asks emerge another question, or writes the answer in another form. */
const format = 3;

const storePlace = '/mnt/store';

/** A question to Portage, and the image that answered it: another image may have other packages. */
export interface PortageQuestion {
  readonly tuple: Pick<Tuple, 'name'>;
  readonly fingerprint: Fingerprint;
  readonly image: Pick<Image, 'id'>;
}

/** Portage's answers for a site: the latest answer for each tuple. */
export interface PlanCache {
  /**
   * Finds the answer to a question. Returns undefined if the question or the index of its partition has changed, or if the file
   * of the answer is missing or damaged.
   */
  find(question: PortageQuestion): Promise<PortageAnswer | undefined>;
  /** Writes an answer. `index` is the text of the partition's `Packages` when Portage was asked. */
  keep(question: PortageQuestion, answer: PortageAnswer, index: string): Promise<void>;
  /** Reads the text of a partition's `Packages`; empty if there is none. */
  readIndex(partition: Partition): Promise<string>;
}

/**
 * Opens the plan cache of a run's site for `work`. The cache is in the site's state volume, which the probe mounts;
 * no container is started to read it.
 */
export async function withPlanCache<T>(
  run: SiteRun,
  image: Pick<Image, 'id'>,
  work: (answers: PlanCache, probe: Probe) => Promise<T>,
): Promise<T> {
  const ofState = run.isRegistered ? [stateMount(stateVolume(run))] : [];
  const mounts = [...ofState, { ...mountAt(run.mounts.binpkgs, storePlace), readOnly: true }];
  return lookInto(run, { image: image.id, mounts }, (probe) =>
    work(run.isRegistered ? answersIn(probe) : noAnswers(probe), probe),
  );
}

/** The cache of a site that is not registered on the engine: it has no state, and nothing is written. */
function noAnswers(probe: Probe): PlanCache {
  return { readIndex: indexReader(probe), find: () => Promise.resolve(undefined), keep: () => Promise.resolve() };
}

function indexReader(probe: Probe): PlanCache['readIndex'] {
  return async (partition) => (await probe.readText(`${storePlace}/${partition}/Packages`)) ?? '';
}

function answersIn(probe: Probe): PlanCache {
  const readIndex = indexReader(probe);
  return {
    readIndex,
    async find({ tuple, fingerprint, image }) {
      const entry = parseJson(entrySchema, (await probe.readText(`${statePlace}/${pathOf(tuple)}`)) ?? '');
      if (entry === undefined || entry.fingerprint !== fingerprint.digest || entry.image !== image.id) return undefined;
      return entry.key === planKey(fingerprint, await readIndex(entry.answer.partition)) ? entry.answer : undefined;
    },
    async keep({ tuple, fingerprint, image }, answer, index) {
      const key = planKey(fingerprint, index);
      const entry = { format, fingerprint: fingerprint.digest, image: image.id, key, answer };
      await probe.writeText(statePlace, pathOf(tuple), `${JSON.stringify(entry)}\n`);
    },
  };
}

const pathOf = ({ name }: Pick<Tuple, 'name'>): string => `plans/${encodeURIComponent(name)}.json`;

const text = v.string();

/** A file of the cache. A file of another format, or one that was not written to its end, does not match. */
const entrySchema = v.object({
  format: v.literal(format),
  fingerprint: text,
  image: text,
  key: text,
  answer: v.object({
    partition: v.custom<Partition>((value) => typeof value === 'string' && parsePartition(value) !== undefined),
    exitStatus: v.number(),
    lines: v.array(text),
    installed: v.array(v.object({ cpv: text, slot: text, repository: text })),
    resolved: v.nullable(resolvedPackagesSchema),
  }),
});
