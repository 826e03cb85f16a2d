/** What BuildKit has kept of a build: a layer, or what it was sent. Part of an entry of `GET /system/df`. */
export interface CacheRecord {
  readonly ID: string;
  /** Empty for what stands on nothing; since API 1.42 there are `Parents`. */
  readonly Parent?: string;
  readonly Parents?: readonly string[];
  readonly Description: string;
  readonly InUse: boolean;
  /** RFC 3339. */
  readonly CreatedAt: string;
}

/** What is known of the builds that were made. */
export interface BuildSpan {
  /** Stands in the description of the first command of each. */
  readonly mark: string;
  /** The records before the first of them. */
  readonly before: readonly CacheRecord[];
  readonly builds: readonly { readonly start: Date; readonly end: Date }[];
}

/**
 * The records of these builds: the marked ones, whatever stands on them, and what these themselves stand on as far as it is
 * new. Besides, what was sent to the engine while one of them ran and is not in use any more, for that has nobody's name.
 */
export function newCacheRecords(
  { mark, before, builds }: BuildSpan,
  now: readonly CacheRecord[],
): readonly CacheRecord[] {
  const old = new Set(before.map(({ ID }) => ID));
  const fresh = now.filter(({ ID }) => !old.has(ID));
  const marked = fresh.filter(({ Description }) => Description.includes(mark));
  const above = reach(marked, ({ ID }) => fresh.filter((record) => parentsOf(record).includes(ID)));
  // Only upwards from here: others may have built on the same base meanwhile.
  const mine = reach([...above], (record) => fresh.filter(({ ID }) => parentsOf(record).includes(ID)));
  const isDuring = (time: number) => builds.some(({ start, end }) => time >= start.getTime() && time <= end.getTime());
  const wasSent = (record: CacheRecord) =>
    parentsOf(record).length === 0 && !record.InUse && isDuring(Date.parse(record.CreatedAt));
  return fresh.filter((record) => mine.has(record) || wasSent(record));
}

/** Some records, and all that a step leads to from them. */
function reach(
  from: readonly CacheRecord[],
  step: (record: CacheRecord) => readonly CacheRecord[],
): ReadonlySet<CacheRecord> {
  const found = new Set(from);
  // A set is gone through with what is added to it meanwhile.
  for (const record of found) for (const next of step(record)) found.add(next);
  return found;
}

function parentsOf({ Parent = '', Parents = [] }: CacheRecord): readonly string[] {
  return Parent === '' ? Parents : [Parent, ...Parents];
}
