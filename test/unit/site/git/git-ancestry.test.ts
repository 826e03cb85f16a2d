import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GitRepository } from '../../../../src/site/git/git-repository.ts';
import { git, temporaryDirectory } from '../git-program.ts';

/** A repository with the commits one, two (from one), side (from one) and merged (from two and side). */
function makeHistory(path: string) {
  git(path, 'init', '--quiet', '--initial-branch=main');
  const commit = (name: string, ...args: readonly string[]) => {
    git(path, 'commit', '--quiet', '--allow-empty', `--message=${name}`, ...args);
    return git(path, 'rev-parse', 'HEAD').trim();
  };
  const one = commit('one');
  const two = commit('two');
  git(path, 'checkout', '--quiet', '-b', 'side', one);
  const side = commit('side');
  git(path, 'checkout', '--quiet', 'main');
  git(path, 'merge', '--quiet', '--no-ff', '--message=merged', 'side');
  return { one, two, side, merged: git(path, 'rev-parse', 'HEAD').trim() };
}

describe('whether a commit contains another one', () => {
  it('follows all parents, in loose and in packed objects', () => {
    using directory = temporaryDirectory();
    const { one, two, side, merged } = makeHistory(directory.path);
    for (const pack of [false, true]) {
      if (pack) git(directory.path, 'gc', '--quiet');
      const repository = new GitRepository(directory.path, directory.path);
      expect([one, two, side, merged].map((commit) => repository.contains(merged, commit))).toEqual(
        Array(4).fill(true),
      );
      expect(repository.contains(two, side)).toBe(false);
      expect(repository.contains(one, two)).toBe(false);
      expect(repository.contains(one, 'f'.repeat(40))).toBe(false);
      expect(repository.headCommit).toBe(merged);
    }
  });

  it('is unknown in a shallow clone that does not reach it', () => {
    using directory = temporaryDirectory();
    const origin = join(directory.path, 'origin');
    mkdirSync(origin);
    const { one, two, merged } = makeHistory(origin);
    git(directory.path, 'clone', '--quiet', '--depth=1', `file://${origin}`, 'clone');
    const repository = new GitRepository(join(directory.path, 'clone'), directory.path);
    // The commit itself names its parents, although the clone does not have them.
    expect([merged, two].map((commit) => repository.contains(merged, commit))).toEqual([true, true]);
    expect(repository.contains(merged, one)).toBeUndefined();
  });
});
