import { check } from 'prettier';
import { describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { formatDocument } from '../../bench/benchmarks-document.ts';
import { ratios, spreadOf } from '../../bench/compare.ts';
import { describeSeconds, isMet, type Row } from '../../bench/row.ts';
import { formatTable } from '../../bench/table.ts';

const met: Row = {
  name: 'job',
  what: 'ours / theirs | with a bar, <angles> and a*star*',
  value: { median: 0.25, min: 0.2, max: 0.31 },
  target: { atMost: 0.4 },
  details: ['ours 1.00 s, theirs 4.00 s', 'steps: sync 0.5'],
};
const missed: Row = {
  name: 'memory',
  what: 'growth',
  value: { median: 128, min: 128, max: 128 },
  unit: ' MiB',
  target: { atMost: 64 },
  details: [],
};
const judged: Row = { name: 'start', what: 'ours / theirs', value: spreadOf([1, 2]), details: ['a'] };

describe('spreadOf', () => {
  it('takes the middle value, or the mean of the middle two, and the outermost', () => {
    expect(spreadOf([3, 1, 10])).toEqual({ median: 3, min: 1, max: 10 });
    expect(spreadOf([4, 1, 10, 2])).toEqual({ median: 3, min: 1, max: 10 });
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });

  it('of nothing is no number', () => {
    expect(spreadOf([])).toEqual({ median: Number.NaN, min: Number.NaN, max: Number.NaN });
  });
});

describe('ratios', () => {
  it('are taken round by round', () => {
    expect(ratios([1, 4, 9], [2, 2, 3])).toEqual({ median: 2, min: 0.5, max: 3 });
  });

  it('are no number where a round is missing', () => {
    expect(ratios([1], []).median).toBeNaN();
  });
});

describe('isMet', () => {
  it.each([
    [{ atMost: 1 }, 1, true],
    [{ atMost: 1 }, 1.001, false],
    [{ atLeast: 0.9 }, 0.9, true],
    [{ atLeast: 0.9 }, 0.899, false],
    [{ atMost: 1 }, Number.NaN, false],
    [{ atLeast: 1 }, Number.NaN, false],
    [undefined, 5, true],
    [undefined, Number.NaN, false],
  ])('of %j with %d: %j', (target, median, expected) => {
    const value = { median, min: 0, max: 9 };
    const row = target === undefined ? { ...judged, value } : { ...judged, value, target };
    expect(isMet(row)).toBe(expected);
  });
});

describe('a row that is judged by its worst value', () => {
  it('meets its target only if the worst value does, and says so', () => {
    const row: Row = { ...met, target: { atMost: 0.3 }, judged: 'worst' };
    expect(isMet(row)).toBe(false);
    expect(isMet({ ...row, target: { atMost: 0.31 } })).toBe(true);
    expect(isMet({ ...row, target: { atLeast: 0.21 } })).toBe(false);
    expect(formatTable([row])).toContain('  <= 0.30 at worst  MISSED  ');
  });
});

describe('describeSeconds', () => {
  it('shows the outermost values where there are several, and more digits of what is short', () => {
    expect(describeSeconds('ours', [1.5, 2.5, 3])).toBe('ours 2.50 s (1.50-3.00)');
    expect(describeSeconds('ours', [0.0421])).toBe('ours 0.042 s');
  });
});

describe('formatTable', () => {
  it('aligns the columns, and puts details below their row', () => {
    expect(formatTable([met, missed])).toBe(
      [
        'name    median   min-max      target                what was compared',
        'job     0.250    0.200-0.310  <= 0.40       met     ours / theirs | with a bar, <angles> and a*star*',
        '    ours 1.00 s, theirs 4.00 s',
        '    steps: sync 0.5',
        'memory  128 MiB               <= 64.00 MiB  MISSED  growth',
        '',
      ].join('\n'),
    );
  });
});

describe('formatDocument', () => {
  const run = {
    command: 'npm run bench -- --write',
    started: new Date('2026-01-02T03:04:05Z'),
    seconds: 614,
    runs: 3,
    conditions: { machine: 'two cpus', engine: 'Docker 20.10' },
    rows: [met, missed, judged],
    swarm: false,
  };

  it('has the command, the time, the conditions, every row and its details', () => {
    const text = formatDocument(run);
    expect(text).toMatch(/^# Benchmarks\n/);
    expect(formatDocument({ ...run, swarm: true })).toMatch(/^# Benchmarks of a swarm\n/);
    expect(text).toContain('\n    npm run bench -- --write\n');
    expect(text).toContain('2026-01-02 03:04 UTC, 10.2 minutes.');
    expect(text).toContain('\n- machine: two cpus\n- engine: Docker 20.10\n');
    expect(text).toMatch(/^\| memory \| 128 MiB \| {13}\| \\<= 64\.00 MiB \| MISSED \| growth +\|$/m);
    expect(text).toContain('\njob:\n\n    ours 1.00 s, theirs 4.00 s\n    steps: sync 0.5\n');
  });

  it('is formatted as prettier wants', async () => {
    expect(await check(formatDocument(run), { ...packageJson.prettier, parser: 'markdown' })).toBe(true);
  });
});
