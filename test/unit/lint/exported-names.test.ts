import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const source = join(import.meta.dirname, '../../../src');
const files = globSync('**/*.ts', { cwd: source }).toSorted();

const declared =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) ([\w$]+)/gm;
const listed = /^export (?:type )?\{([^}]*)\}/gm;

/** The names that a module exports. `export default` has no name, and no module of src re-exports another one. */
function exportedNames(text: string): readonly string[] {
  const inBraces = [...text.matchAll(listed)].flatMap(([, names = '']) => names.split(','));
  const names = inBraces.map((name) => name.trim().replace(/^(?:type )?(?:\w+ as )?/, '')).filter(Boolean);
  // An overloaded function is declared several times.
  return [...new Set([...[...text.matchAll(declared)].map(([, name = '']) => name), ...names])];
}

it('finds the names that a module exports', () => {
  const text = 'export const a = 1;\nexport async function b() {}\nexport type C = 1;\nexport { d, type E, f as g };\n';
  expect(exportedNames(text)).toEqual(['a', 'b', 'C', 'd', 'E', 'g']);
});

it('gives every exported name of src one meaning', () => {
  const modules = new Map<string, string[]>();
  for (const file of files)
    for (const name of exportedNames(readFileSync(join(source, file), 'utf8')))
      modules.set(name, [...(modules.get(name) ?? []), file]);
  expect(modules.size).toBeGreaterThan(500);
  expect([...modules].filter(([, all]) => all.length > 1)).toEqual([]);
});
