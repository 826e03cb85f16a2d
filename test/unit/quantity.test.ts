import { describe, expect, it } from 'vitest';
import { formatBytes, formatMemorySize, parseDuration, parseSize, parseTmpfs } from '../../src/quantity.ts';

describe('parseTmpfs', () => {
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
  ])('reads %j as %j', (text, expected) => {
    expect(parseTmpfs(text)).toBe(expected);
  });
});

describe('formatMemorySize', () => {
  it.each([
    [8 * 1024 ** 3, '8 GiB'],
    [6.56 * 1024 ** 3, '6.5 GiB'],
    [1024 ** 3 - 1, '1023 MiB'],
    [24 * 1024 ** 2 + 900_000, '24 MiB'],
    [0, '0 MiB'],
    [1024 ** 3, '1 GiB'],
    [10.25 * 1024 ** 3, '10.2 GiB'],
    [1.5 * 1024 ** 2, '1 MiB'],
  ])('formats %d bytes as %s and never rounds up', (bytes, words) => {
    expect(formatMemorySize(bytes)).toBe(words);
  });
});

describe('formatBytes', () => {
  it.each([
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
    [Infinity, '0 B'],
    [NaN, '0 B'],
    [0.4, '0 B'],
    [2_300_000_000_000, '2.3 TB'],
    [2e15, '2.0 PB'],
    [5e18, '5000 PB'],
  ])('formats %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('parseDuration', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['15m', 900],
    ['24h', 86_400],
    ['7d', 604_800],
    ['7w', undefined],
    ['', undefined],
    ['-1', undefined],
    ['x90', undefined],
    ['90s ', undefined],
    ['s', undefined],
    ['123456789', 123_456_789],
    ['1234567890', undefined],
  ])('reads %j as %j seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });
});

describe('parseSize', () => {
  it.each([
    ['500M', 500 * 1024 ** 2],
    ['1K', 1024],
    ['1T', 1024 ** 4],
    ['12', 12],
    ['2G', 2 * 1024 ** 3],
    ['0', 0],
    ['123456789012', 123_456_789_012],
    ['1234567890123', undefined],
    ['12P', undefined],
    ['12MB', undefined],
    ['x12M', undefined],
    ['M', undefined],
    ['', undefined],
  ])('reads %j as %j bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});
