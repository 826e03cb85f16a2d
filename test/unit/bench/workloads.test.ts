import { describe, expect, it } from 'vitest';
import { compiledIn } from '../../bench/bench-site.ts';
import { dockerfile } from '../../bench/buildkit.ts';
import { overlappingSets } from '../../bench/rows/overlapping-tuples.ts';
import { firstAtoms, tinyPackages } from '../../bench/tiny-packages.ts';

describe('overlappingSets', () => {
  it('are six different sets of three out of six packages, each of which three sets have', () => {
    const sets = Object.values(overlappingSets());
    expect(new Set(sets.map((atoms) => atoms.join(' '))).size).toBe(6);
    expect(sets.every((atoms) => new Set(atoms).size === 3)).toBe(true);
    const all = sets.flat();
    expect([...new Set(all)].toSorted()).toEqual(firstAtoms(6));
    for (const atom of firstAtoms(6)) expect(all.filter((other) => other === atom)).toHaveLength(3);
  });
});

describe('tinyPackages', () => {
  it('are as many packages of both kinds as are asked for, each with its files, and a repository', () => {
    const paths = Object.keys(tinyPackages(11));
    expect(paths.filter((path) => path.endsWith('.ebuild'))).toHaveLength(22);
    expect(paths).toContain('bench-apps/part11/part11-1.ebuild');
    expect(paths).toContain('bench-apps/wide11/wide11-1.ebuild');
    expect(paths).toContain('profiles/repo_name');
  });
});

describe('dockerfile', () => {
  it('does the steps of the main job, and carries the mark', () => {
    expect(dockerfile('stage', ['a/b', 'c/d'], 'bench-1').split('\n')).toEqual([
      'FROM stage',
      'RUN emerge --sync -q # bench-1',
      'RUN emerge -q a/b c/d',
      'VOLUME /usr/portage',
      'VOLUME /var/tmp/portage',
      'CMD ["/bin/bash"]',
      '',
    ]);
  });
});

describe('compiledIn', () => {
  it('has what was compiled, with the name of a task before it or without, and no binary package', () => {
    const output = `tuple: compile @set
>>> Emerging (1 of 2) bench-apps/part01-1::bench
>>> Emerging binary (2 of 2) bench-apps/part02-1::bench
x86-base:bench-apps/part03-1 | >>> Emerging (1 of 1) bench-apps/part03-1::bench for /usr/x/
some >>> Emerging (1 of 1) not/this-1
`;
    expect(compiledIn(output)).toEqual(['bench-apps/part01-1', 'bench-apps/part03-1']);
  });
});
