import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emergeEnvironment } from '../../../src/portage/emerge-command.ts';
import { throwawayFeatures, throwawayFeatureWords } from '../../../src/portage/throwaway-features.ts';

const documented = readFileSync(join(import.meta.dirname, '../../../docs/features.md'), 'utf8');

/** The cells of a table's rows, by its first heading. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const lines = documented.slice(documented.indexOf(`| ${heading}`)).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test('docs/features.md has every feature that is set, with the reason that the code has, and what it gains', () => {
  const rows = rowsBelow('set');
  expect(rows.map(([features, why]) => [features, why])).toEqual(
    throwawayFeatures.map(({ features, why }) => [features.map((feature) => `\`${feature}\``).join(' '), why]),
  );
  for (const [features, , gain] of rows) expect(gain, features).toMatch(/\d|none|not measured/);
});

test('docs/features.md names no feature both as changed and as unchanged', () => {
  const left = rowsBelow('left as it is').flatMap(([features = '']) => features.match(/[a-z-]+/g) ?? []);
  expect(left.length).toBeGreaterThan(5);
  const set = throwawayFeatureWords.map((word) => word.replace(/^-/, ''));
  expect(left.filter((feature) => set.includes(feature))).toEqual([]);
});

test('the environment of emerge has all changes', () => {
  expect(emergeEnvironment({})['FEATURES']?.split(' ')).toEqual(throwawayFeatureWords);
});
