import { expect, test } from 'vitest';
import { describeAge, describeSize } from '../../../src/cli/zentoo/amounts.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [999_600, '1.0 MB'],
  [499_075_715, '499 MB'],
  [2e15, '2000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(describeSize(bytes)).toBe(text);
});

test.each([
  [-5, '0s'],
  [59.9, '59s'],
  [60, '1m'],
  [3600, '1h'],
  [172_799, '47h'],
  [172_800, '2d'],
])('%d seconds are %s', (seconds, text) => {
  expect(describeAge(seconds)).toBe(text);
});
