import fc from 'fast-check';
import { expect, test } from 'vitest';

import { countCells, cutBeginning, cutToCells, padToCells } from '../../../src/report/display-cells.ts';

test.each([
  ['', 0],
  ['net-misc/curl', 13],
  ['naïve Größe', 11],
  ['— … “quoted”', 12],
  ['日本語', 6],
  ['한글', 4],
  ['🚀', 2],
  ['ｆｕｌｌ', 8],
])('%j takes %d cells', (text, cells) => {
  expect(countCells(text)).toBe(cells);
});

test.each([
  ['sys-devel/gcc-13.2.1', 20, 'sys-devel/gcc-13.2.1'],
  ['sys-devel/gcc-13.2.1', 19, 'sys-devel/gcc-13...'],
  ['sys-devel/gcc', 5, 'sys-d'],
  ['日本語日本語', 12, '日本語日本語'],
  ['日本語日本語', 11, '日本語日...'],
  ['日本語', 5, '日本'],
  ['abc', 0, ''],
  ['abc', -3, ''],
])('%j cut to %d cells is %j', (text, cells, cut) => {
  expect(cutToCells(text, cells)).toBe(cut);
});

test.each([
  ['base:sys-devel/gcc', 18, 'base:sys-devel/gcc'],
  ['base:sys-devel/gcc', 17, '...:sys-devel/gcc'],
  ['sys-devel/gcc', 5, 'l/gcc'],
  ['日本語日本語', 11, '...語日本語'],
  ['日本語', 5, '本語'],
  ['abc', 0, ''],
])('%j with its beginning cut to %d cells is %j', (text, cells, cut) => {
  expect(cutBeginning(text, cells)).toBe(cut);
});

test.each([cutToCells, cutBeginning])(
  'cuts a text to the available cells, and only if it does not fit (%o)',
  (cutText) => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, cells) => {
        const cut = cutText(text, cells);
        expect(countCells(cut)).toBeLessThanOrEqual(cells);
        if (countCells(text) <= cells) expect(cut).toBe(text);
      }),
    );
  },
);

test('pads by cells, not by characters', () => {
  expect(padToCells('日本', 6)).toBe('日本  ');
  expect(padToCells('long', 2)).toBe('long');
});
