import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { commitAll, git, temporaryDirectory, writeFiles } from './git-program.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('git works where it is told to, by its own settings, whatever this machine has', () => {
  using directory = temporaryDirectory();
  const home = join(directory.path, 'home');
  const other = join(directory.path, 'other');
  const work = join(directory.path, 'work');
  for (const path of [other, work]) mkdirSync(path);
  git(other, 'init', '--quiet');
  writeFiles(home, {
    '.gitconfig': '[commit]\n\tgpgsign = true\n',
    'git/ignore': '*\n',
  });
  vi.stubEnv('HOME', home);
  vi.stubEnv('XDG_CONFIG_HOME', home);
  vi.stubEnv('GIT_DIR', join(other, '.git'));
  vi.stubEnv('GIT_INDEX_FILE', join(other, '.git/index'));
  vi.stubEnv('GIT_OBJECT_DIRECTORY', join(other, '.git/objects'));

  git(work, 'init', '--quiet');
  writeFiles(work, { file: 'x' });
  commitAll(work);
  expect(git(work, 'ls-tree', '--name-only', 'base')).toBe('file\n');
  expect(readdirSync(join(other, '.git/objects')).toSorted()).toEqual(['info', 'pack']);
});
