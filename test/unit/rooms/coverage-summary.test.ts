import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatCoverage, hasEnough, readCoverage } from '../../rooms/coverage-summary.ts';

const sources = join(import.meta.dirname, '../../../src');
const file = (covered: number, total: number) => ({ statements: { covered, total }, lines: { covered: 1, total: 1 } });

describe('readCoverage', () => {
  it('adds up the files of each room and leaves out the total', () => {
    const summary = JSON.stringify({
      total: file(99, 99),
      [join(sources, 'portage/atom.ts')]: file(3, 4),
      [join(sources, 'engine/engine.ts')]: file(0, 2),
      [join(sources, 'portage/cpu.ts')]: file(5, 6),
    });
    expect(readCoverage(summary)).toEqual([
      { room: 'engine', covered: 0, total: 2 },
      { room: 'portage', covered: 8, total: 10 },
    ]);
  });

  it.each(['3', '{"/a.ts":{}}', '{"/a.ts":{"statements":{"covered":"1","total":2}}}'])('refuses %s', (text) => {
    expect(() => readCoverage(text)).toThrow('Invalid');
  });
});

describe('hasEnough', () => {
  it.each([
    [90, 100, true],
    [89, 100, false],
    [0, 0, true],
  ])('of %d statements run of %d: %j', (covered, total, expected) => {
    expect(hasEnough({ room: 'a', covered, total })).toBe(expected);
  });
});

describe('formatCoverage', () => {
  it('marks a room below the limit', () => {
    expect(
      formatCoverage([
        { room: 'engine', covered: 1, total: 3 },
        { room: 'site', covered: 0, total: 0 },
      ]),
    ).toBe(
      [
        'room    statements  run  percent',
        'engine           3    1     33.3  below 90',
        'site             0    0    100.0',
        '',
      ].join('\n'),
    );
  });
});
