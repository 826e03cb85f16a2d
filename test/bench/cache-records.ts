/** A cache record of BuildKit: a layer, or a build context. It is a part of an entry of `GET /system/df`. */
export interface CacheRecord {
  readonly ID: string;
  /** Empty for a record without a parent; since API 1.42 there is `Parents` instead. */
  readonly Parent?: string;
  readonly Parents?: readonly string[];
  readonly Description: string;
  readonly InUse: boolean;
  /** RFC 3339. */
  readonly CreatedAt: string;
}

/** The data by which the records of the benchmark's builds are found. */
export interface BuildSpan {
  /** The mark in the description of the first command of each build. */
  readonly mark: string;
  /** The records before the first build. */
  readonly before: readonly CacheRecord[];
  readonly builds: readonly { readonly start: Date; readonly end: Date }[];
}

/**
 * The records of the benchmark's builds: the marked records, all records that depend on them, and the new records that they
 * depend on. Also the build contexts that were sent during a build and are not in use any more, because a context has no mark.
 */
export function newCacheRecords(
  { mark, before, builds }: BuildSpan,
  now: readonly CacheRecord[],
): readonly CacheRecord[] {
  const old = new Set(before.map(({ ID }) => ID));
  const fresh = now.filter(({ ID }) => !old.has(ID));
  const marked = fresh.filter(({ Description }) => Description.includes(mark));
  const above = reach(marked, ({ ID }) => fresh.filter((record) => parentsOf(record).includes(ID)));
  // Follows only dependants from here, because other programs may have built on the same base meanwhile.
  const mine = reach([...above], (record) => fresh.filter(({ ID }) => parentsOf(record).includes(ID)));
  const isDuring = (time: number) => builds.some(({ start, end }) => time >= start.getTime() && time <= end.getTime());
  const wasSent = (record: CacheRecord) =>
    parentsOf(record).length === 0 && !record.InUse && isDuring(Date.parse(record.CreatedAt));
  return fresh.filter((record) => mine.has(record) || wasSent(record));
}

/** The given records, and all records that can be reached from them by steps. */
function reach(
  from: readonly CacheRecord[],
  step: (record: CacheRecord) => readonly CacheRecord[],
): ReadonlySet<CacheRecord> {
  const found = new Set(from);
  // The iteration of a set includes elements that are added meanwhile.
  for (const record of found) for (const next of step(record)) found.add(next);
  return found;
}

function parentsOf({ Parent = '', Parents = [] }: CacheRecord): readonly string[] {
  return Parent === '' ? Parents : [Parent, ...Parents];
}
