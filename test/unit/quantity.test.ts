import { describe, expect, it } from 'vitest';
import { describeSize, parseTmpfs } from '../../src/quantity.ts';

describe('where packages are built', () => {
  it.each([
    ['auto', 'auto'],
    ['off', 'off'],
    ['4G', 4 * 1024 ** 3],
    ['1048576', 1024 ** 2],
    ['0', undefined],
    ['0G', undefined],
    ['on', undefined],
    ['4GB', undefined],
    ['', undefined],
  ])('%j is %j', (text, expected) => {
    expect(parseTmpfs(text)).toBe(expected);
  });
});

describe('a size in words', () => {
  it.each([
    [8 * 1024 ** 3, '8 GiB'],
    [6.56 * 1024 ** 3, '6.5 GiB'],
    [1024 ** 3 - 1, '1023 MiB'],
    [24 * 1024 ** 2 + 900_000, '24 MiB'],
    [0, '0 MiB'],
  ])('%d is %s, and never more than there is', (bytes, words) => {
    expect(describeSize(bytes)).toBe(words);
  });
});
