import { join } from 'node:path';
import { type MutantResult } from '@stryker-mutator/api/core';
import { describe, expect, it } from 'vitest';
import { formatSurvival, formatSurvivors, isWithinLimit, readSurvival } from '../../rooms/survival.ts';

const project = join(import.meta.dirname, '../../..');

function result(room: string, status: MutantResult['status'], line = 1): MutantResult {
  return {
    id: `${room}:${line}`,
    fileName: join(project, 'src', room, 'file.ts'),
    location: { start: { line, column: 4 }, end: { line, column: 9 } },
    mutatorName: 'BlockStatement',
    replacement: '{\n  }',
    status,
  };
}

const times = (count: number, room: string, status: MutantResult['status']) =>
  Array.from({ length: count }, () => result(room, status));

describe('readSurvival', () => {
  it('counts a mutant that no test runs as a survivor, and a mutant outside the sample not at all', () => {
    const results = (['Killed', 'Timeout', 'Survived', 'NoCoverage', 'CompileError', 'RuntimeError'] as const).map(
      (status) => result('plan', status),
    );
    const [plan, site] = readSurvival(results, ['plan', 'site']);
    expect(plan).toMatchObject({
      room: 'plan',
      killed: 2,
      timeouts: 1,
      survivors: [{ status: 'Survived' }, { status: 'NoCoverage' }],
    });
    expect(site).toEqual({ room: 'site', killed: 0, timeouts: 0, survivors: [] });
  });
});

describe('isWithinLimit', () => {
  it.each([
    ['plan', 15, true],
    ['plan', 16, false],
    ['engine', 25, true],
    ['engine', 26, false],
    ['engine/docker', 25, true],
    ['report', 25, true],
  ])('in %s, of 100 mutants, %d may survive: %j', (room, survived, expected) => {
    const results = [...times(survived, room, 'Survived'), ...times(100 - survived, room, 'Killed')];
    expect(readSurvival(results, [room]).every(isWithinLimit)).toBe(expected);
  });

  it('holds in a room without mutants', () => {
    expect(readSurvival([], ['plan']).every(isWithinLimit)).toBe(true);
  });
});

describe('formatSurvival', () => {
  it('marks a room over its limit', () => {
    const results = [...times(1, 'plan', 'Survived'), ...times(2, 'plan', 'Killed'), ...times(4, 'site', 'Killed')];
    results.push(result('site', 'Timeout'));
    expect(formatSurvival(readSurvival(results, ['plan', 'site', 'store']))).toBe(
      [
        'room   mutants  killed  timeouts  survived  percent',
        'plan         3       2         0         1     33.3  over 15',
        'site         5       5         1         0      0.0',
        'store        0       0         0         0      0.0',
        '',
      ].join('\n'),
    );
  });
});

describe('formatSurvivors', () => {
  it('names place, mutator and text of each survivor in one line', () => {
    expect(formatSurvivors([result('plan', 'NoCoverage', 7), result('plan', 'Survived', 3)])).toBe(
      'src/plan/file.ts:3:4 BlockStatement { }\nsrc/plan/file.ts:7:4 BlockStatement { } (no test runs it)\n',
    );
  });
});
