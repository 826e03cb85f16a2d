import { join } from 'node:path';
import { type Mutant } from '@stryker-mutator/api/core';
import { describe, expect, it } from 'vitest';
import { drawSample } from '../../rooms/sample-mutants.ts';

const sources = join(import.meta.dirname, '../../../src');

function mutant(file: string, line: number): Mutant {
  return {
    id: `${file}:${line}`,
    fileName: join(sources, file),
    location: { start: { line, column: 0 }, end: { line, column: 9 } },
    mutatorName: 'StringLiteral',
    replacement: '""',
  };
}

const mutants = ['plan/a.ts', 'plan/b.ts', 'schedule/a.ts'].flatMap((file) =>
  Array.from({ length: 20 }, (_, line) => mutant(file, line)),
);
const draw = (seed: string, from = mutants) => drawSample(from, seed, 5).map(({ id }) => id);

describe('drawSample', () => {
  it('draws the number that is asked for from each room', () => {
    const drawn = draw('a');
    expect(drawn.filter((id) => id.startsWith('plan/'))).toHaveLength(5);
    expect(drawn.filter((id) => id.startsWith('schedule/'))).toHaveLength(5);
  });

  it('takes all mutants of a room that has no more', () => {
    expect(drawSample(mutants, 'a', 100)).toHaveLength(60);
  });

  it('draws the same mutants for the same seed, in whatever order they come', () => {
    expect(draw('a', mutants.toReversed()).toSorted()).toEqual(draw('a').toSorted());
  });

  it('draws other mutants for another seed', () => {
    expect(draw('b').toSorted()).not.toEqual(draw('a').toSorted());
  });
});
