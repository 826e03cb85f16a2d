import * as v from 'valibot';
import { Failure, exitStatuses, type FailureCode, type Place } from '../failure.ts';

/** A {@link Failure} as JSON. Its cause and the messages of packages are left out. */
export interface FailureRecord {
  readonly code: FailureCode;
  readonly message: string;
  readonly hint: string | null;
  readonly place: Place | null;
  readonly logTail: readonly string[];
}

/** The schema of {@link FailureRecord}. */
export const failureRecordSchema: v.GenericSchema<unknown, FailureRecord> = v.strictObject({
  code: v.custom<FailureCode>((code) => typeof code === 'string' && Object.hasOwn(exitStatuses, code)),
  message: v.string(),
  hint: v.nullable(v.string()),
  place: v.nullable(v.strictObject({ file: v.string(), line: v.number(), column: v.number() })),
  logTail: v.array(v.string()),
});

/** Writes a failure as a record. */
export function recordFailure({ code, message, hint, place, logTail }: Failure): FailureRecord {
  return { code, message, hint: hint ?? null, place: place ?? null, logTail };
}

/** Converts the record of a failure back to the failure. */
export function readFailure({ code, message, hint, place, logTail }: FailureRecord): Failure {
  return new Failure(code, message, { hint: hint ?? undefined, place: place ?? undefined, logTail });
}
