import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LastLines } from '../../../../src/portage/output/last-lines.ts';

test('keeps the last lines, the oldest first', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 50 }), fc.integer({ min: 1, max: 20 }), (lines, capacity) => {
      const last = new LastLines(capacity);
      for (const line of lines) last.push(line);
      expect(last.toArray()).toEqual(lines.slice(-capacity));
    }),
  );
});
