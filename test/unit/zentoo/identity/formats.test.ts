import { expect, it } from 'vitest';
import { readFormat } from '../../../../src/zentoo/identity/formats.ts';

it.each([
  [undefined, 1],
  ['1', 1],
  ['2', 2],
])('a format that this zentoo knows is read: %s', (text, format) => {
  expect(readFormat(text, 'the state', 2)).toBe(format);
});

it.each(['3', '10'])('a format that this zentoo does not know is refused: %j', (text) => {
  expect(() => readFormat(text, 'the state', 2)).toThrow(
    expect.objectContaining({
      code: 'format-unknown',
      message: `failed to use the state: it has the format ${text}, and this zentoo knows formats up to 2`,
      hint: 'use the zentoo that wrote it, or a newer one; nothing was changed',
    }),
  );
});

it.each(['0', '', '01', '1 ', ' 1', '1x', '1.5', '-1', '1234567'])(
  'a format that is no number is refused, and not taken for a newer one: %j',
  (text) => {
    expect(() => readFormat(text, 'the state', 2)).toThrow(
      expect.objectContaining({
        code: 'format-unknown',
        message: `failed to use the state: its format is '${text}', which is no number`,
        hint: 'remove it if nobody needs it; nothing was changed',
      }),
    );
  },
);

it('a format has at most six digits', () => {
  expect(readFormat('999999', 'the state', 10_000_000)).toBe(999_999);
  expect(() => readFormat('1000000', 'the state', 10_000_000)).toThrow("its format is '1000000'");
});
