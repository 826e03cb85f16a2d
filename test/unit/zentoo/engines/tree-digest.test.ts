import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { shellProgram } from '../../../../src/container-program.ts';

const program = new URL('../../../../src/zentoo/engines/tree-digest.sh', import.meta.url);

function digest(directory: string): string {
  const [file = '', ...args] = shellProgram(program, 'tree-digest', directory);
  return execFileSync(file, args, { encoding: 'utf8' });
}

it.each<[string, (ebuild: string, tree: string) => void]>([
  [
    'another text of the same length and time',
    (ebuild) => {
      const { atime, mtime } = statSync(ebuild);
      writeFileSync(ebuild, readFileSync(ebuild, 'utf8').replace('one', 'two'));
      utimesSync(ebuild, atime, mtime);
    },
  ],
  ['another mode', (ebuild) => chmodSync(ebuild, 0o755)],
  ['a new file', (_, tree) => writeFileSync(join(tree, 'new'), '')],
  ['a file less', (ebuild) => rmSync(ebuild)],
])('the digest of a tree differs after %s, and not after a change of .git', (_, change) => {
  const tree = mkdtempSync(join(tmpdir(), 'tree-digest-'));
  onTestFinished(() => rmSync(tree, { recursive: true }));
  mkdirSync(join(tree, '.git'));
  const ebuild = join(tree, 'a.ebuild');
  writeFileSync(ebuild, 'one');
  const before = digest(tree);
  expect(before).toMatch(/^[0-9a-f]{64}\n$/);
  writeFileSync(join(tree, '.git/index'), 'of git status');
  expect(digest(tree)).toBe(before);
  change(ebuild, tree);
  expect(digest(tree)).not.toBe(before);
});
