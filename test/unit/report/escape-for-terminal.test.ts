import fc from 'fast-check';
import { expect, test } from 'vitest';

import { escapeForTerminal, escapeLinesForTerminal } from '../../../src/report/escape-for-terminal.ts';
import { anyString } from '../../support/any-string.ts';

test.each([
  ['what is text stays', ' * naïve Ünïcode 日本語\tafter a tab', ' * naïve Ünïcode 日本語\tafter a tab'],
  ['colours go', '\x1b[32m * \x1b[0mdone', ' * done'],
  ['cursor movements go', 'a\x1b[2A\x1b[2Kb', 'ab'],
  ['window titles go', '\x1b]0;owned\x07text', 'text'],
  ['links become their text', '\x1b]8;;http://example.org\x1b\\here\x1b]8;;\x1b\\', 'here'],
  ['a lone escape character is shown', 'a\x1b', 'a^['],
  ['bells and backspaces are shown', 'a\x07\x08\x7f', 'a^G^H^?'],
  ['the eight-bit introducer is taken for what it is', 'a\x9b2Jb', 'ab'],
  ['other eight-bit controls are shown', 'a\x85b', 'a<U+0085>b'],
  ['reading order cannot be turned', 'a\u202eb', 'a<U+202E>b'],
  ['of progress by carriage return the last state remains', ' 10%\r 99%\r100%\r\r', '100%'],
  ['half a character becomes a mark', 'a\ud800b', 'a\ufffdb'],
])('%s', (_case, text, harmless) => {
  expect(escapeForTerminal(text)).toBe(harmless);
});

test('cuts a line of more than 8 KiB', () => {
  expect(escapeForTerminal('x'.repeat(1_000_000))).toBe(`${'x'.repeat(8192)}...`);
});

test('the result contains no control character, whatever the input', () => {
  const hostile = fc.array(
    fc.oneof(anyString(), fc.constantFrom('\x1b[', '\x1b', '\x9b', ']', '2J', ';', '\r', '\x07', 'A')),
  );
  fc.assert(
    fc.property(hostile, (parts) => {
      expect(escapeForTerminal(parts.join(''))).not.toMatch(/(?!\t)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
    { numRuns: 2000 },
  );
});

test('splits a text into lines before it escapes them', () => {
  expect(escapeLinesForTerminal('one\r\ntwo\x1b[1mthree\n\n')).toEqual(['one', 'twothree']);
});
