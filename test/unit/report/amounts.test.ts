import { expect, test } from 'vitest';

import { formatBytes, formatDuration, formatElapsed } from '../../../src/report/amounts.ts';

test.each([
  [0, '0.0s'],
  [0.04, '0.0s'],
  [0.24, '0.2s'],
  [9.94, '9.9s'],
  [9.96, '10s'],
  [59.4, '59s'],
  [59.6, '1m 00s'],
  [72, '1m 12s'],
  [3599.7, '1h 00m'],
  [11_234, '3h 07m'],
  [400_000, '111h 06m'],
  [-1, '0.0s'],
  [Number.NaN, '0.0s'],
])('a duration of %d seconds is %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test.each([
  [0.9, '0s'],
  [59.9, '59s'],
  [60, '1m 00s'],
  [3600, '1h 00m'],
  [Number.POSITIVE_INFINITY, '0s'],
])('%d seconds have elapsed as %s', (seconds, text) => {
  expect(formatElapsed(seconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [9950, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [12_300_000, '12 MB'],
  [4_700_000_000, '4.7 GB'],
  [-5, '0 B'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
