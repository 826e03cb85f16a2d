import fc from 'fast-check';
import { safeParse } from 'valibot';
import { describe, expect, test } from 'vitest';
import { exitStatuses, Failure, type FailureCode } from '../../../src/failure.ts';
import { parseJson } from '../../../src/parse-json.ts';
import { failureRecordSchema, readFailure, recordFailure } from '../../../src/plan/failure-record.ts';
import { workAnswerSchema, type TupleAnswer, type WorkAnswer } from '../../../src/plan/work-answer.ts';
import { workOrderSchema, type WorkOrder } from '../../../src/plan/work-order.ts';
import { outputNames } from '../../../src/output-name.ts';
import { anyString } from '../../support/any-string.ts';

const text = anyString();
const texts = fc.array(text, { maxLength: 3 });
const orderedPackage = { cpv: text, slot: text, repository: text, root: text };
const abilities = fc.record({ observable: fc.boolean(), measuresSpace: fc.boolean() });
const outputs = fc.subarray([...outputNames]);

const anyOrder: fc.Arbitrary<WorkOrder> = fc.oneof(
  fc.record({ kind: fc.constant('buildmaster' as const), tuple: text, buildmaster: text }),
  fc.record({ kind: fc.constant('resolve' as const), tuples: texts, buildmaster: text }),
  fc.record({
    ...{
      kind: fc.constant('packages' as const),
      tuple: text,
      buildmaster: text,
      partition: text,
      inputs: text,
      abilities,
    },
    packages: fc.array(fc.record(orderedPackage), { maxLength: 3 }),
    dependencies: texts,
  }),
  fc.record({
    ...{ kind: fc.constant('assemble' as const), tuple: text, buildmaster: text, fingerprint: text, outputs },
  }),
);

const count = fc.integer({ min: 0, max: 1000 });
const codes = Object.keys(exitStatuses) as FailureCode[];
const anyFailure = fc.record({
  code: fc.constantFrom(...codes),
  message: text,
  hint: fc.option(text),
  place: fc.option(fc.record({ file: text, line: count, column: count })),
  logTail: texts,
});
const elog = fc.array(
  fc.record({
    cpv: text,
    time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') }),
    messages: fc.array(
      fc.record({ level: fc.constantFrom('log', 'warn', 'error', 'info', 'qa'), phase: text, lines: texts }),
      { maxLength: 2 },
    ),
  }),
  { maxLength: 2 },
);
const anyTuple: fc.Arbitrary<TupleAnswer> = fc.oneof(
  fc.record({ type: fc.constant('refused' as const), tuple: text, failures: fc.array(anyFailure, { maxLength: 2 }) }),
  fc.record({
    type: fc.constant('resolved' as const),
    tuple: text,
    resolved: fc.record({
      packages: fc.array(fc.record({ ...orderedPackage, isCompiled: fc.boolean(), use: texts, inputs: text }), {
        maxLength: 3,
      }),
      needs: fc.array(fc.array(count, { maxLength: 3 }), { maxLength: 3 }),
      partitions: fc.record({ root: text, host: text }),
    }),
    origins: fc.array(fc.record({ cpv: text, origin: fc.constantFrom('compiled', 'reused', 'upstream'), why: text }), {
      maxLength: 3,
    }),
  }),
);
const anyAnswer: fc.Arbitrary<WorkAnswer> = fc.oneof(
  fc.record({ kind: fc.constant('buildmaster' as const), elog }),
  fc.record({ kind: fc.constant('resolve' as const), abilities, tuples: fc.array(anyTuple, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('packages' as const), elog }),
  fc.record({
    kind: fc.constant('assemble' as const),
    outputs: outputs.chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, text])))),
    sizes: fc.dictionary(text, fc.record({ installed: fc.option(count), binary: fc.option(count) })),
    elog,
    durations: fc.dictionary(fc.constantFrom('assemble', 'archive', 'commit'), fc.integer({ min: 0, max: 99 })),
  }),
);

describe('a work order', () => {
  test('is the same after it was written as JSON and read back', () => {
    fc.assert(
      fc.property(anyOrder, (order) => {
        // fast-check's records may have no prototype.
        const plain = structuredClone(order);
        expect(parseJson(workOrderSchema, JSON.stringify(plain))).toStrictEqual(plain);
      }),
    );
  });

  test.each([
    ['of another kind', { kind: 'publish', tuple: 'a', buildmaster: 'm' }],
    ['without its tuple', { kind: 'buildmaster', buildmaster: 'm' }],
    ['with a key that is not known', { kind: 'buildmaster', tuple: 'a', buildmaster: 'm', force: true }],
    [
      'with an unknown output',
      { kind: 'assemble', tuple: 'a', buildmaster: 'm', fingerprint: '0', outputs: ['floppy'] },
    ],
  ])('%s is refused', (_, order) => {
    expect(safeParse(workOrderSchema, order).success).toBe(false);
  });
});

test('an answer is the same after it was written as JSON and read back', () => {
  fc.assert(
    fc.property(anyAnswer, (answer) => {
      const plain = structuredClone(answer);
      expect(parseJson(workAnswerSchema, JSON.stringify(plain))).toStrictEqual(plain);
    }),
  );
});

test('a failure is the same after it was recorded and read back, without its cause', () => {
  const place = { file: 'site.yaml', line: 1, column: 2 };
  const failure = new Failure('plan-refused', 'no', { hint: 'say yes', place, logTail: ['x'], cause: new Error('y') });
  expect(readFailure(recordFailure(failure))).toMatchObject({
    code: 'plan-refused',
    message: 'no',
    hint: 'say yes',
    place,
  });
  const bare = readFailure(recordFailure(new Failure('plan-refused', 'no')));
  expect(bare).toMatchObject({ hint: undefined, place: undefined, logTail: [] });
  expect(safeParse(failureRecordSchema, { ...recordFailure(failure), code: 'toString' }).success).toBe(false);
});
