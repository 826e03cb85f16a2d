import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addPackages,
  resolvedPackages,
  type PackageGroup,
  type PackagePool,
  type ResolvedPackages,
} from '../../../src/plan/package-pool.ts';
import { findStrongComponents, transitiveNeeds } from '../../../src/plan/strong-components.ts';
import { parsePretendedPackage, type PretendedPackage } from '../../../src/portage/output/pretend-package.ts';

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
    packages: resolvedPackages(
      names.map(pretend),
      names.map((name) => `inputs of ${name}`),
    ),
    needs: Object.values(all).map((needs) => needs.map((need) => bare.indexOf(need))),
    partitions: { root: partition, host: partition },
  };
}

/** Adds the packages of one tuple after the other, and returns what each addition brought. */
function add(...all: readonly ResolvedPackages[]) {
  let pool: PackagePool = new Map();
  return all.map((one) => {
    const { pool: grown, ...added } = addPackages(pool, one);
    pool = grown;
    return added;
  });
}

/** Adds the packages of one tuple to an empty pool. */
const addOne = (all: Readonly<Record<string, readonly string[]>>) => addPackages(new Map(), resolved(all));

const cpvs = (groups: readonly PackageGroup[]) => groups.map(({ packages }) => packages.map(({ cpv }) => cpv));

describe('the pool of packages', () => {
  it('has a group for each compiled package, after the groups that it needs', () => {
    const { groups, ids } = addOne({ lib: [], tool: ['lib'], top: ['tool'] });
    expect(cpvs(groups)).toEqual([['cat/lib-1'], ['cat/tool-1'], ['cat/top-1']]);
    expect(new Set(groups[2]?.needs)).toEqual(new Set([groups[0]?.id, groups[1]?.id]));
    expect(groups[2]?.dependencies).toEqual(['cat/lib-1', 'cat/tool-1']);
    expect(ids).toEqual(groups.map(({ id }) => id));
  });

  it('follows the needs of packages from the store, and names these packages as dependencies', () => {
    const { groups } = addOne({ lib: [], '(mid)': ['lib'], top: ['mid'] });
    expect(cpvs(groups)).toEqual([['cat/lib-1'], ['cat/top-1']]);
    expect(groups[1]).toMatchObject({ needs: [groups[0]?.id], dependencies: ['cat/lib-1', 'cat/mid-1'] });
  });

  it('compiles a package once if several tuples need it', () => {
    const [first, second] = add(resolved({ lib: [], a: ['lib'] }), resolved({ lib: [], b: ['lib'] }));
    expect(cpvs(second?.groups ?? [])).toEqual([['cat/b-1']]);
    expect(second?.groups[0]?.needs).toEqual([first?.groups[0]?.id]);
    expect(second?.ids).toContain(first?.groups[0]?.id);
  });

  it('compiles a package again if it has other flags or goes to another partition', () => {
    const added = add(
      resolved({ lib: [] }),
      resolved({ 'lib +ssl': [] }),
      resolved({ lib: [] }, 'q'),
      resolved({ lib: [] }),
    );
    expect(added.map(({ groups }) => groups.length)).toEqual([1, 1, 1, 0]);
  });

  it('compiles packages together that need each other in a cycle', () => {
    const { groups } = addOne({ a: ['b'], b: ['a'], c: ['a'] });
    expect(cpvs(groups)).toEqual([['cat/a-1', 'cat/b-1'], ['cat/c-1']]);
    expect(groups[0]).toMatchObject({ needs: [], dependencies: [] });
  });

  it('has no cycle if another tuple already compiles one package of the cycle', () => {
    const [first, second] = add(resolved({ a: [] }), resolved({ a: ['b'], b: ['a'] }));
    expect(cpvs(second?.groups ?? [])).toEqual([['cat/b-1']]);
    expect(second?.groups[0]?.needs).toEqual([first?.groups[0]?.id]);
  });

  it('waits for packages that are compiled for the stage, and does not merge them into another root', () => {
    const [tool, lib, top] = ['tool', 'lib', 'top'].map((name) => pretend(name));
    if (tool === undefined || lib === undefined || top === undefined) throw new Error('nothing was read');
    const root = '/usr/x86_64-pc-linux-musl/';
    const { groups } = addPackages(new Map(), {
      packages: resolvedPackages([tool, { ...lib, root }, { ...top, root }], ['a', 'b', 'c']),
      needs: [[], [], [0, 1]],
      partitions: { root: 'target', host: 'stage' },
    });
    expect(groups.map(({ partition }) => partition)).toEqual(['stage', 'target', 'target']);
    expect(groups[2]).toMatchObject({ needs: [groups[1]?.id, groups[0]?.id], dependencies: ['cat/lib-1'] });
  });

  it('compiles the libc before all packages that the libc does not need', () => {
    const { groups } = addOne({ headers: [], 'sys-libs/musl-1.2.3': ['headers'], a: [] });
    const needsOf = (cpv: string) => groups.find(({ packages }) => packages[0]?.cpv === cpv)?.needs.length;
    expect(needsOf('cat/headers-1')).toBe(0);
    expect(needsOf('cat/a-1')).toBe(2);
  });

  it('makes a graph without cycles that has each package once, for any packages', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const asked = fc.array(fc.dictionary(fc.constantFrom(...names), fc.array(fc.constantFrom(...names))), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(asked, (all) => {
        const asked = all.map((one) =>
          Object.fromEntries(
            Object.entries(one).map(([name, needs]) => [name, needs.filter((need) => Object.hasOwn(one, need))]),
          ),
        );
        const groups = add(...asked.map((one) => resolved(one))).flatMap((added) => added.groups);
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

describe('the libc', () => {
  const musl = 'sys-libs/musl-1.2.3';
  const needsIn = (all: Readonly<Record<string, readonly string[]>>, cpv: string) => {
    const { groups } = addOne(all);
    const needs = groups.find(({ packages }) => packages[0]?.cpv === cpv)?.needs ?? [];
    return groups.filter(({ id }) => needs.includes(id)).flatMap(({ packages }) => packages.map((item) => item.cpv));
  };

  it.each(['sys-libs/glibc-2.39-r6', musl])('is compiled before a package that does not name it: %s', (libc) => {
    expect(needsIn({ [libc]: [], a: [] }, 'cat/a-1')).toEqual([libc]);
    expect(needsIn({ [libc]: [], a: [] }, libc)).toEqual([]);
  });

  it('is any other package if it only has a similar name', () => {
    expect(needsIn({ 'sys-libs/musl-locales-0.1': [], a: [] }, 'cat/a-1')).toEqual([]);
    expect(needsIn({ 'dev-libs/musl-1.2.3': [], a: [] }, 'cat/a-1')).toEqual([]);
  });

  it('does not wait for a package that needs a package that the libc needs', () => {
    const all = { headers: ['tool'], tool: [], [musl]: ['headers'], a: [] };
    expect(needsIn(all, 'cat/tool-1')).toEqual([]);
    expect(needsIn(all, 'cat/headers-1')).toEqual(['cat/tool-1']);
    expect(needsIn(all, musl).toSorted()).toEqual(['cat/headers-1', 'cat/tool-1']);
  });

  it('belongs to one root: the packages of another root do not wait for it', () => {
    const [libc, own, other] = [musl, 'own', 'other'].map((name) => pretend(name));
    if (libc === undefined || own === undefined || other === undefined) throw new Error('nothing was read');
    const root = '/usr/x86_64-pc-linux-musl/';
    const { groups } = addPackages(new Map(), {
      packages: resolvedPackages([{ ...libc, root }, { ...own, root }, other], ['a', 'b', 'c']),
      needs: [[], [], []],
      partitions: { root: 'target', host: 'stage' },
    });
    const needsOf = (name: string) => groups.find(({ packages }) => packages[0]?.cpv === name)?.needs;
    expect(needsOf('cat/own-1')).toHaveLength(1);
    expect(needsOf('cat/other-1')).toEqual([]);
  });
});

it('sorts the dependencies, and the flags that tell packages apart', () => {
  const { groups } = addOne({ z: [], '(m)': [], b: [], top: ['z', 'm', 'b'] });
  expect(groups.at(-1)?.dependencies).toEqual(['cat/b-1', 'cat/m-1', 'cat/z-1']);
  const added = add(resolved({ 'lib +b +a': [] }), resolved({ 'lib +a +b': [] }), resolved({ 'lib +a': [] }));
  expect(added.map(({ groups: { length } }) => length)).toEqual([1, 0, 1]);
});

it('compiles a package of each repository and each root for itself', () => {
  const lib = { cpv: 'cat/lib-1', slot: '0', repository: 'gentoo', root: '/', isCompiled: true, use: [], inputs: 'i' };
  const all = [lib, { ...lib, repository: 'lab' }, { ...lib, root: '/mnt/r/' }];
  const partitions = { root: 'p', host: 'p' };
  const { groups } = addPackages(new Map(), { packages: all, needs: [[], [], []], partitions });
  expect(groups.map(({ packages: [item] }) => [item?.repository, item?.root])).toEqual([
    ['gentoo', '/'],
    ['lab', '/'],
    ['gentoo', '/mnt/r/'],
  ]);
});

describe('the inputs of a group', () => {
  const inputsOf = (...changes: readonly Partial<ResolvedPackages['packages'][number]>[]) => {
    const { packages, ...others } = resolved({ a: ['b'], b: ['a'], c: [] });
    const changed = packages.map((one, index) => ({ ...one, ...changes[index] }));
    return addPackages(new Map(), { ...others, packages: changed }).groups.map(({ inputs }) => inputs);
  };
  const [cycle = '', alone = ''] = inputsOf();

  it('are digests, and differ for each group', () => {
    expect([cycle, alone]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(cycle).not.toBe(alone);
    expect(inputsOf()).toEqual([cycle, alone]);
  });

  it.each([{ inputs: 'other' }, { use: ['ssl'] }, { cpv: 'cat/b-2' }, { repository: 'lab' }])(
    'change with one of its packages: %j',
    (change) => {
      expect(inputsOf({}, change)).toEqual([expect.not.stringContaining(cycle), alone]);
    },
  );

  it('are not known if those of one of its packages are not', () => {
    expect(inputsOf({}, { inputs: '' })).toEqual(['', alone]);
  });
});

it('finds the packages that need each other, each group after the groups that it needs', () => {
  const graphs = fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(graphs, (all) => {
      const needs = all.map((own) => own.map((need) => need % all.length));
      const reach = transitiveNeeds(needs);
      const isTogether = (a: number, b: number) => a === b || (reaches(a, b) && reaches(b, a));
      const reaches = (a: number, b: number) => reach[a]?.has(b) === true;
      const found = findStrongComponents(needs);
      expect(found.flat().toSorted((a, b) => a - b)).toEqual([...needs.keys()]);
      for (const [place, component] of found.entries()) {
        const [first = -1] = component;
        expect(component).toEqual([...needs.keys()].filter((at) => isTogether(at, first)));
        const later = new Set(found.slice(place + 1).flat());
        expect(component.flatMap((at) => needs[at] ?? []).filter((need) => later.has(need))).toEqual([]);
      }
    }),
  );
});
