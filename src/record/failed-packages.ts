import * as v from 'valibot';
import type { Failure } from '../failure.ts';
import { parseJson } from '../parse-json.ts';

/** The format of the notes that this program writes. */
const notesFormat = 1;
/** The failures after which a package is hopeless. */
const mostFailures = 2;
const day = 24 * 3600 * 1000;
/** The time after which a hopeless package is tried again. */
const longestRest = 7 * day;
/** The time for which a note is kept after the last failure. */
const longestMemory = 90 * day;

const text = v.string();
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const noteSchema = v.strictObject({
  inputs: text,
  partition: text,
  packages: v.pipe(v.array(text), v.minLength(1)),
  failures: count,
  last: v.pipe(v.string(), v.isoTimestamp()),
  log: v.nullable(text),
});

const fileSchema = v.strictObject({ format: v.literal(notesFormat), packages: v.array(noteSchema) });

/** A note of one or more packages whose compilation failed; several are compiled together if they need each other. */
export type FailureNote = Readonly<v.InferOutput<typeof noteSchema>>;

/** A compilation: its packages, their partition of the store, and what identifies the inputs; `inputs` is empty if they are not known. */
export interface Attempt {
  readonly inputs: string;
  readonly partition: string;
  readonly packages: readonly { readonly cpv: string }[];
}

/** The end of a compilation that failed: the time in milliseconds since 1970, and the location of its log. */
export interface FailedAttempt extends Attempt {
  readonly at: number;
  readonly log: string | undefined;
}

/** The outcome of reading the file of notes. */
export type ParsedNotes =
  | { readonly type: 'read'; readonly notes: readonly FailureNote[] }
  /** The text is damaged, or of a later version of this program, which may still need it. */
  | { readonly type: 'refused'; readonly why: string; readonly isLater: boolean };

/** Writes notes as the text of their file. */
export function writeNotes(notes: readonly FailureNote[]): string {
  return `${JSON.stringify({ format: notesFormat, packages: notes })}\n`;
}

/** Reads the text of the file of notes. Another format is refused by its number. */
export function readNotes(json: string): ParsedNotes {
  const format = parseJson(v.object({ format: count }), json)?.format;
  if (format !== undefined && format !== notesFormat) {
    const why = `it has format ${format}, and this program reads format ${notesFormat}`;
    return { type: 'refused', why, isLater: format > notesFormat };
  }
  const file = parseJson(fileSchema, json);
  return file === undefined
    ? { type: 'refused', why: 'it is damaged', isLater: false }
    : { type: 'read', notes: file.packages };
}

/**
 * Whether a compilation failed because of its packages: it would fail on another machine, disk or network, too. A package of the store
 * that cannot be merged before them is not their failure.
 */
export function isOwnFailure(failures: readonly Failure[], { packages }: Pick<Attempt, 'packages'>): boolean {
  const isOwn = ({ causedBy }: Failure) => packages.some(({ cpv }) => cpv === causedBy);
  return failures.some(isOwn) && failures.every(({ code }) => code === 'build-failed' || code === 'package-refused');
}

/** Adds a failure to the notes, and drops notes of failures that are long ago. */
export function noteFailure(
  notes: readonly FailureNote[],
  { inputs, partition, packages, at, log }: FailedAttempt,
): readonly FailureNote[] {
  const former = notes.find((note) => note.inputs === inputs);
  const note = {
    ...{ inputs, partition, packages: cpvsOf(packages) },
    failures: (former?.failures ?? 0) + 1,
    last: new Date(at).toISOString(),
    log: log ?? null,
  };
  const others = notes.filter((one) => one.inputs !== inputs && at - Date.parse(one.last) < longestMemory);
  return [...others, note];
}

/** Finds the notes that a success makes void: those of the same versions in the same partition, with whatever inputs. */
export function findVoid(
  notes: readonly FailureNote[],
  { partition, packages }: Pick<Attempt, 'partition' | 'packages'>,
): readonly FailureNote[] {
  const cpvs = cpvsOf(packages).join(' ');
  return notes.filter((note) => note.partition === partition && note.packages.join(' ') === cpvs);
}

/** Removes the notes that a success makes void. */
export function dropVoid(
  notes: readonly FailureNote[],
  success: Pick<Attempt, 'partition' | 'packages'>,
): readonly FailureNote[] {
  const found = findVoid(notes, success);
  return notes.filter((note) => !found.includes(note));
}

function cpvsOf(packages: Attempt['packages']): string[] {
  return packages.map(({ cpv }) => cpv).toSorted();
}

/** Finds the note that says that a compilation is hopeless: it failed at least twice with these inputs, in the last seven days. */
export function findHopeless(
  notes: readonly FailureNote[],
  { inputs }: Pick<Attempt, 'inputs'>,
  now: number,
): FailureNote | undefined {
  return notes.find((note) => {
    const rest = now - Date.parse(note.last);
    // The time of the last failure is later than now if the clock was set back.
    return note.inputs === inputs && note.failures >= mostFailures && Math.abs(rest) < longestRest;
  });
}
