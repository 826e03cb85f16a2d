import { expect, it } from 'vitest';
import { abbreviate } from '../../src/abbreviate.ts';

it.each([
  ['a b', "'a b'"],
  ['', "''"],
  ['say "hi"', `'say "hi"'`],
  ['a\\b', String.raw`'a\\b'`],
  ['\u001b[31m\n\u007f\u007f', String.raw`'\u001b[31m\n\u007f\u007f'`],
  ['x'.repeat(60), `'${'x'.repeat(60)}'`],
  ['x'.repeat(61), `'${'x'.repeat(60)}...' (61 characters)`],
])('quotes %j for a message', (text, quoted) => {
  expect(abbreviate(text)).toBe(quoted);
});
