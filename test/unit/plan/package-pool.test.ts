import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackagePool, type PackageGroup, type ResolvedPackages } from '../../../src/plan/package-pool.ts';
import { findStrongComponents } from '../../../src/plan/strong-components.ts';
import { parsePretendedPackage, type PretendedPackage } from '../../../src/portage/pretend-package.ts';

/** `name` is compiled, `(name)` comes from the store; `+flag` behind it. */
function pretend(text: string): PretendedPackage {
  const [name = '', ...flags] = text.replaceAll(/[()]/g, '').split(' ');
  const kind = text.startsWith('(') ? 'binary ' : 'ebuild ';
  const use = flags.length === 0 ? '' : ` USE="${flags.map((flag) => flag.replace(/^\+/, '')).join(' ')}"`;
  const build = kind === 'binary ' ? '-1' : '';
  const parsed = parsePretendedPackage(
    `[${kind} N     ] ${name.includes('/') ? name : `cat/${name}-1`}${build}::gentoo ${use}`,
  );
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

/** Each package with the names of what it needs. */
function resolved(all: Readonly<Record<string, readonly string[]>>, partition = 'p'): ResolvedPackages {
  const names = Object.keys(all);
  const bare = names.map((name) => name.replaceAll(/[()]| .*/g, ''));
  return {
    packages: names.map(pretend),
    needs: Object.values(all).map((needs) => needs.map((need) => bare.indexOf(need))),
    partitionOf: () => partition,
  };
}

const cpvs = (groups: readonly PackageGroup[]) => groups.map(({ packages }) => packages.map(({ cpv }) => cpv));

describe('the pool of packages', () => {
  it('has a group for each package that is compiled, behind what it needs', () => {
    const { groups, ids } = new PackagePool().add(resolved({ lib: [], tool: ['lib'], top: ['tool'] }));
    expect(cpvs(groups)).toEqual([['cat/lib-1'], ['cat/tool-1'], ['cat/top-1']]);
    expect(new Set(groups[2]?.needs)).toEqual(new Set([groups[0]?.id, groups[1]?.id]));
    expect(groups[2]?.dependencies).toEqual(['cat/lib-1', 'cat/tool-1']);
    expect(ids).toEqual(groups.map(({ id }) => id));
  });

  it('sees through what comes from the store, and names it as a dependency', () => {
    const { groups } = new PackagePool().add(resolved({ lib: [], '(mid)': ['lib'], top: ['mid'] }));
    expect(cpvs(groups)).toEqual([['cat/lib-1'], ['cat/top-1']]);
    expect(groups[1]).toMatchObject({ needs: [groups[0]?.id], dependencies: ['cat/lib-1', 'cat/mid-1'] });
  });

  it('compiles once what several tuples want', () => {
    const pool = new PackagePool();
    const first = pool.add(resolved({ lib: [], a: ['lib'] }));
    const second = pool.add(resolved({ lib: [], b: ['lib'] }));
    expect(cpvs(second.groups)).toEqual([['cat/b-1']]);
    expect(second.groups[0]?.needs).toEqual([first.groups[0]?.id]);
    expect(second.ids).toContain(first.groups[0]?.id);
  });

  it('keeps apart what has other flags, or goes to another partition', () => {
    const pool = new PackagePool();
    pool.add(resolved({ lib: [] }));
    expect(pool.add(resolved({ 'lib +ssl': [] })).groups).toHaveLength(1);
    expect(pool.add(resolved({ lib: [] }, 'q')).groups).toHaveLength(1);
    expect(pool.add(resolved({ lib: [] })).groups).toHaveLength(0);
  });

  it('compiles together what needs each other in a circle', () => {
    const { groups } = new PackagePool().add(resolved({ a: ['b'], b: ['a'], c: ['a'] }));
    expect(cpvs(groups)).toEqual([['cat/a-1', 'cat/b-1'], ['cat/c-1']]);
    expect(groups[0]).toMatchObject({ needs: [], dependencies: [] });
  });

  it('has no circle where one of a circle is somebody else’s already', () => {
    const pool = new PackagePool();
    const [first] = pool.add(resolved({ a: [] })).groups;
    const { groups } = pool.add(resolved({ a: ['b'], b: ['a'] }));
    expect(cpvs(groups)).toEqual([['cat/b-1']]);
    expect(groups[0]?.needs).toEqual([first?.id]);
  });

  it('waits for what is compiled for the stage, and merges none of that into another root', () => {
    const [tool, lib, top] = ['tool', 'lib', 'top'].map((name) => pretend(name));
    if (tool === undefined || lib === undefined || top === undefined) throw new Error('nothing was read');
    const root = '/usr/x86_64-pc-linux-musl/';
    const { groups } = new PackagePool().add({
      packages: [tool, { ...lib, root }, { ...top, root }],
      needs: [[], [], [0, 1]],
      partitionOf: (path) => path,
    });
    expect(groups[2]).toMatchObject({ needs: [groups[1]?.id, groups[0]?.id], dependencies: ['cat/lib-1'] });
  });

  it('has the libc before all that it does not need itself', () => {
    const { groups } = new PackagePool().add(resolved({ headers: [], 'sys-libs/musl-1.2.3': ['headers'], a: [] }));
    const needsOf = (cpv: string) => groups.find(({ packages }) => packages[0]?.cpv === cpv)?.needs.length;
    expect(needsOf('cat/headers-1')).toBe(0);
    expect(needsOf('cat/a-1')).toBe(2);
  });

  it('leads to a graph without circles, in which each package is once, whatever is asked for', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const asked = fc.array(fc.dictionary(fc.constantFrom(...names), fc.array(fc.constantFrom(...names))), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(asked, (all) => {
        const pool = new PackagePool();
        const groups = all.flatMap((one) => {
          const there = Object.fromEntries(
            Object.entries(one).map(([name, needs]) => [name, needs.filter((need) => Object.hasOwn(one, need))]),
          );
          return pool.add(resolved(there)).groups;
        });
        const wanted = new Set(all.flatMap((one) => Object.keys(one)));
        expect(cpvs(groups).flat().toSorted()).toEqual([...wanted].map((name) => `cat/${name}-1`).toSorted());
        const positions = new Map(groups.map(({ id }, position) => [id, position]));
        const graph = groups.map(({ needs }) => needs.map((need) => positions.get(need) ?? -1));
        expect(graph.flat()).not.toContain(-1);
        expect(findStrongComponents(graph).every((component) => component.length === 1)).toBe(true);
        expect(groups.every(({ id, needs }) => !needs.includes(id))).toBe(true);
      }),
    );
  });
});
