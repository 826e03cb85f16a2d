import * as v from 'valibot';
import type { ElogEntry } from '../portage/output/elog.ts';
import { parseJson } from '../parse-json.ts';

/** The format of the records that this program writes. */
export const recordFormat = 1;

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seconds = v.pipe(v.number(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());

const usageSchema = v.strictObject({
  rss: count,
  shmem: count,
  peak: count,
  processorSeconds: seconds,
  isUpperBound: v.boolean(),
});

const stepSchema = v.strictObject({
  step: text,
  started: time,
  seconds,
  result: v.picklist(['done', 'failed']),
});

const taskSchema = v.strictObject({
  kind: text,
  place: text,
  name: text,
  version: text,
  label: v.nullable(text),
  started: time,
  ended: time,
  seconds,
  result: v.picklist(['done', 'failed']),
  steps: v.array(stepSchema),
  usage: v.nullable(usageSchema),
  logs: v.array(text),
});

const packageSchema = v.strictObject({
  cpv: text,
  task: v.nullable(text),
  binary: v.boolean(),
  started: time,
  ended: v.nullable(time),
  seconds: v.nullable(seconds),
  phases: v.array(v.strictObject({ phase: text, seconds })),
  usage: v.nullable(usageSchema),
});

const originSchema = v.strictObject({
  cpv: text,
  origin: v.picklist(['compiled', 'reused', 'upstream']),
  why: text,
  installedBytes: v.nullable(count),
  binaryBytes: v.nullable(count),
});

const failureSchema = v.strictObject({
  code: text,
  exitStatus: count,
  message: text,
  hint: v.nullable(text),
});

const elogSchema = v.strictObject({
  cpv: text,
  time,
  messages: v.array(v.strictObject({ level: text, phase: text, lines: v.array(text) })),
});

const fileSchema = v.strictObject({ name: text, bytes: v.nullable(count) });

const targetSchema = v.strictObject({
  name: v.nullable(text),
  result: v.picklist(['built', 'unchanged', 'failed']),
  image: v.nullable(fileSchema),
  archive: v.nullable(fileSchema),
  packages: v.array(originSchema),
  failures: v.array(failureSchema),
  elog: v.array(elogSchema),
});

const recordSchema = v.strictObject({
  format: v.literal(recordFormat),
  program: v.strictObject({ name: text, version: text }),
  site: v.nullable(text),
  started: time,
  ended: time,
  targets: v.array(targetSchema),
  tasks: v.array(taskSchema),
  packages: v.array(packageSchema),
});

/** One build, as docs/json.md describes it. */
export type BuildRecord = v.InferOutput<typeof recordSchema>;
/** One unit of work of a build: the whole main job, or one node of a site's graph. */
export type TaskRecord = BuildRecord['tasks'][number];
/** A package that Portage worked on during a task. */
export type PackageRecord = BuildRecord['packages'][number];
/** The image that gentoo-builder was asked for, or one tuple of a site. */
export type TargetRecord = BuildRecord['targets'][number];
/** Memory in bytes and processor time. `peak` is the largest sum of `rss` and `shmem` at one time. */
export type UsageRecord = v.InferOutput<typeof usageSchema>;

/** The outcome of reading a record. */
export type ParsedRecord =
  | { readonly type: 'read'; readonly record: BuildRecord }
  /** The text is not a record, or this program does not read its format. */
  | { readonly type: 'refused'; readonly why: string };

/** Writes a record as the text of its file. */
export function writeBuildRecord(record: BuildRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Reads the text of a record's file. A record of another format is refused by its number. */
export function readBuildRecord(json: string): ParsedRecord {
  const format = parseJson(v.object({ format: count }), json)?.format;
  if (format === undefined) return { type: 'refused', why: 'it is not a build record' };
  if (format !== recordFormat)
    return { type: 'refused', why: `it has format ${format}, and this program reads format ${recordFormat}` };
  const record = parseJson(recordSchema, json);
  return record === undefined
    ? { type: 'refused', why: `it is damaged: it does not match format ${format}` }
    : { type: 'read', record };
}

/** Describes the messages of packages for a record. */
export function describeElogEntries(elog: readonly ElogEntry[]): TargetRecord['elog'] {
  return elog.map((entry) => ({
    cpv: entry.cpv,
    time: entry.time.toISOString(),
    messages: entry.messages.map(({ level, phase, lines }) => ({ level, phase, lines: [...lines] })),
  }));
}
