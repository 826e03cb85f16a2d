import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isSetName, longestPackageArgument, parsePackageArgument } from '../../../src/portage/atom.ts';
import { combination, hyphenated, nearMiss, noise, validAtom } from './package-arguments.ts';

interface Table {
  readonly valid: readonly string[];
  readonly invalid: readonly { readonly text: string; readonly reason: string }[];
}
const table = parse(readFileSync(new URL('atoms.yaml', import.meta.url), 'utf8')) as Table;

const reasonOf = (text: string): string | undefined => {
  const result = parsePackageArgument(text);
  return result.ok ? undefined : result.reason;
};

test.each(table.valid)('%j is a package argument', (text) => {
  expect(reasonOf(text)).toBeUndefined();
});

test.each(table.invalid)('$text is refused: $reason', ({ text, reason }) => {
  expect(reasonOf(text)).toContain(reason);
});

test('world and system are sets, as they are to emerge', () => {
  expect(parsePackageArgument('world')).toEqual({ ok: true, value: '@world' });
  expect(parsePackageArgument('system')).toEqual({ ok: true, value: '@system' });
  const [set, atom] = [parsePackageArgument('@world'), parsePackageArgument('sys-apps/world')];
  expect([set.ok && isSetName(set.value), atom.ok && isSetName(atom.value)]).toEqual([true, false]);
});

describe('parses any text', () => {
  test('accepts usual atoms unchanged', () => {
    fc.assert(
      fc.property(validAtom, (text) => {
        expect(parsePackageArgument(text)).toEqual({ ok: true, value: text });
      }),
      { numRuns: 2000 },
    );
  });

  test('accepts no option, file, list of arguments or command, and gives a reason of one short line', () => {
    fc.assert(
      fc.property(fc.oneof(nearMiss, hyphenated, combination, noise), (text) => {
        const result = parsePackageArgument(text);
        if (result.ok) expect(result.value).toMatch(/^[@<>=~\w][\w+.,:/@()!?[\]*=-]*$/);
        else expect(result.reason).toMatch(/^[^\n]{5,150}$/);
      }),
      { numRuns: 5000 },
    );
  });

  test('refuses every control character at any position', () => {
    const control = fc.integer({ min: 0, max: 0x9f }).filter((code) => code < 0x21 || code > 0x7e);
    fc.assert(
      fc.property(validAtom, fc.nat(99), control, (text, position, code) => {
        const at = position % (text.length + 1);
        expect(reasonOf(text.slice(0, at) + String.fromCodePoint(code) + text.slice(at))).toBeDefined();
      }),
    );
  });
});

// With a quadratic parser a text of 1 MB takes minutes, and the test's time limit ends it.
describe('in linear time', () => {
  test.each(['a', '1', '-1', '=a-1', '_p', 'a[', ':', '/', ' ', '@', '-', '\u0000', '1.', 'é'])(
    '1 MB of %j',
    (unit) => {
      expect(reasonOf(unit.repeat(1e6 / unit.length))).toMatch(/too long: \d+ characters/);
      expect(reasonOf(unit.repeat(longestPackageArgument / unit.length) + '!')).toBeDefined();
    },
  );
});
