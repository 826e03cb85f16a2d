import { expect, it } from 'vitest';
import { explainTupleRefusal } from '../../../src/plan/explain-tuple-refusal.ts';
import { packageSet, tupleOf } from './sites.ts';

const refuse = (atom: string) =>
  explainTupleRefusal(tupleOf({ packages: packageSet('tools', [], 'app-misc/moto') }), {
    exitStatus: 1,
    lines: [`emerge: there are no ebuilds to satisfy "${atom}".`],
  });

it('a misspelt atom of a set is reported with its position', () => {
  expect(refuse('app-misc/moto')).toMatchObject({
    code: 'package-unknown',
    message:
      'x86-64-base-plain-tools: failed to emerge app-misc/moto: there are no ebuilds to satisfy "app-misc/moto" (config/sets/tools:1:1)',
    place: { file: 'config/sets/tools', line: 1, column: 1 },
  });
});

it('an atom of another set has no position', () => {
  const { message, place } = refuse('app-misc/other');
  expect(message).toMatch(/"app-misc\/other"$/);
  expect(place).toBeUndefined();
});
