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

test('the bare words world and system are the sets that emerge takes them for', () => {
  expect(parsePackageArgument('world')).toEqual({ ok: true, value: '@world' });
  expect(parsePackageArgument('system')).toEqual({ ok: true, value: '@system' });
  const [set, atom] = [parsePackageArgument('@world'), parsePackageArgument('sys-apps/world')];
  expect([set.ok && isSetName(set.value), atom.ok && isSetName(atom.value)]).toEqual([true, false]);
});

describe('for any text', () => {
  test('atoms as a person writes them are accepted, and their value is the text', () => {
    fc.assert(
      fc.property(validAtom, (text) => {
        expect(parsePackageArgument(text)).toEqual({ ok: true, value: text });
      }),
      { numRuns: 2000 },
    );
  });

  test('what is accepted cannot be an option, a file, several arguments or a command, and a reason is one short line', () => {
    fc.assert(
      fc.property(fc.oneof(nearMiss, hyphenated, combination, noise), (text) => {
        const result = parsePackageArgument(text);
        if (result.ok) expect(result.value).toMatch(/^[@<>=~\w][\w+.,:/@()!?[\]*=-]*$/);
        else expect(result.reason).toMatch(/^[^\n]{5,150}$/);
      }),
      { numRuns: 5000 },
    );
  });

  test('every control character is refused, wherever it stands', () => {
    const control = fc.integer({ min: 0, max: 0x9f }).filter((code) => code < 0x21 || code > 0x7e);
    fc.assert(
      fc.property(validAtom, fc.nat(99), control, (text, position, code) => {
        const at = position % (text.length + 1);
        expect(reasonOf(text.slice(0, at) + String.fromCodePoint(code) + text.slice(at))).toBeDefined();
      }),
    );
  });
});

describe('in linear time', () => {
  test.each(['a', '1', '-1', '=a-1', '_p', 'a[', ':', '/', ' ', '@', '-', '\u0000', '1.', 'é'])(
    '1 MB of %j',
    (unit) => {
      const started = performance.now();
      expect(reasonOf(unit.repeat(1e6 / unit.length))).toMatch(/too long: \d+ characters/);
      expect(reasonOf(unit.repeat(longestPackageArgument / unit.length) + '!')).toBeDefined();
      expect(performance.now() - started).toBeLessThan(50);
    },
  );
});
