import { expect, test } from 'vitest';
import { describeAge } from '../../../src/cli/zentoo/describe-age.ts';

test.each([
  [-5, '0s'],
  [59.9, '59s'],
  [60, '1m'],
  [3600, '1h'],
  [172_799, '47h'],
  [172_800, '2d'],
])('an age of %d seconds is %s', (seconds, text) => {
  expect(describeAge(seconds)).toBe(text);
});
