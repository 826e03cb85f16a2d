import fc from 'fast-check';
import { expect, it } from 'vitest';
import { labelInstructions, readLabel, splitLabels } from '../../../src/engine/image-labels.ts';
import { applyChanges } from '../../support/fake-engine/fake-engine-state.ts';

it('labels are written so that the engine expands nothing in them', () => {
  expect(labelInstructions({ a: 'b c', d: '"e" $f \\g' })).toEqual([
    'LABEL a="b c"',
    String.raw`LABEL d="\"e\" \$f \\g"`,
  ]);
});

it('case 3.1: a value of any length is written in lines that Docker takes, and read whole', () => {
  const unit = fc.constantFrom('"', '\\', '$', 'ä', '€', '😀', 'a', 'package-1.0 ');
  const value = fc.tuple(unit, fc.nat(90_000)).map(([text, times]) => text.repeat(times));
  fc.assert(
    fc.property(value, value, (text, former) => {
      const inherited = applyChanges(labelInstructions({ list: former })).labels;
      const labels = splitLabels({ list: text }, inherited);
      const own = applyChanges(labelInstructions(labels)).labels;
      expect(own).toEqual(labels);
      expect(readLabel({ ...inherited, ...own }, 'list')).toBe(text);
    }),
    { numRuns: 20 },
  );
});

it('a label that an image does not have is undefined', () => {
  expect(readLabel({ 'list.2': 'b' }, 'list')).toBeUndefined();
  expect(readLabel({ list: '' }, 'list')).toBe('');
});
