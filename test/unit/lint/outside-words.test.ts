import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const source = join(import.meta.dirname, '../../../src');
const modules = globSync('**/*.ts', { cwd: source })
  .toSorted()
  .map((file) => ({ file, text: readFileSync(join(source, file), 'utf8') }));

/** The modules whose text matches, without those of a room. */
const matching = (pattern: RegExp, except = 'no room'): readonly string[] =>
  modules.filter(({ file, text }) => !file.startsWith(`${except}/`) && pattern.test(text)).map(({ file }) => file);

it('reads the statuses and the words of the engine in engine/ only', () => {
  expect(matching(/\bstatusCode\b/).length).toBeGreaterThan(0);
  expect(matching(/\bstatusCode\b/, 'engine')).toEqual([]);
  const readers = new Set(matching(/\bEngineRefusal\b/, 'engine'));
  expect(readers.size).toBeGreaterThan(0);
  const comparing = matching(
    /\.message\.(?:\w*[mM]atch\w*|includes|startsWith|endsWith|search)\(|\.(?:test|exec)\([^)]*message\b/,
  );
  expect(comparing.filter((file) => readers.has(file))).toEqual([]);
});

it('parses JSON in one module, and in the transport, whose answers engine/docker/ checks against schemas', () => {
  expect(matching(/\bJSON\.parse\(/)).toEqual(['engine/docker/patch-modem.ts', 'parse-json.ts']);
});

it('has each shell and Python program in a file, which the linters read', () => {
  expect(matching(/['"`]#!\//)).toEqual([]);
  expect(matching(/['"`](?:\/bin\/)?(?:(?:ba)?sh|python3)['"`], .*'-c'/)).toEqual(['container-program.ts']);
});
