import { expect, it } from 'vitest';
import { Failure } from '../../../../src/failure.ts';
import { ofTuple, ofTuples } from '../../../../src/zentoo/run/tuple-failure.ts';

const failure = new Failure('build-failed', 'failed to compile app-misc/hello', {
  hint: 'read the log',
  place: { file: 'config/sets/tools', line: 3, column: 1 },
  logTail: ['error'],
  cause: new Error('make'),
});

it.each([
  [['a'], 'a'],
  [['a', 'b', 'c'], 'a, b, c'],
  [['a', 'b', 'c', 'd'], 'a, b, c, d'],
  [['a', 'b', 'c', 'd', 'e'], 'a, b, c and 2 more'],
  [['a', 'b', 'c', 'd', 'e', 'f'], 'a, b, c and 3 more'],
])('a failure of the tuples %j begins with: %s', (names, whose) => {
  const { code, message, hint, place, logTail, cause } = ofTuples(names, failure);
  expect(message).toBe(`${whose}: failed to compile app-misc/hello`);
  expect({ code, hint, place, logTail, cause }).toEqual({
    code: failure.code,
    hint: failure.hint,
    place: failure.place,
    logTail: failure.logTail,
    cause: failure.cause,
  });
});

it('a failure of one tuple begins with the name of the tuple', () => {
  expect(ofTuple({ name: 'a' }, failure)).toEqual(ofTuples(['a'], failure));
});
