import { expect, test } from 'vitest';

import { formatDuration, formatElapsed } from '../../../src/report/amounts.ts';

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
])('formatDuration(%d) is %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test.each([
  [0.9, '0s'],
  [59.9, '59s'],
  [60, '1m 00s'],
  [3600, '1h 00m'],
  [Number.POSITIVE_INFINITY, '0s'],
])('formatElapsed(%d) is %s', (seconds, text) => {
  expect(formatElapsed(seconds)).toBe(text);
});
