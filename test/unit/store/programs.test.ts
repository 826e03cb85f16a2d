import { describe, expect, it } from 'vitest';
import {
  checkInstalled,
  findMissing,
  foreignFailure,
  missingFailure,
  packageClosure,
} from '../../../src/store/check-root.ts';
import { mendStore } from '../../../src/store/check-store.ts';
import { findDependencies, mergeDependenciesSchema } from '../../../src/store/dependencies.ts';
import { listInstalledPackages, parseInstalledPackages } from '../../../src/store/installed-packages.ts';
import type { StoreMount } from '../../../src/store/portage-program.ts';
import { parseJson } from '../../../src/parse-json.ts';
import { partition, storeSaying } from './answering-store.ts';

const twentyFive = Array.from({ length: 25 }, (_, index) => `line ${index}`);
const lastTwenty = twentyFive.slice(5);
const faultless = {
  ...{ faults: [], unfit: [], unverified: [], packages: 0 },
  ...{ isInOrder: false, signatures: false, remote: false, former: false },
};

describe('a question to Portage', () => {
  it.each<[string, (store: StoreMount) => Promise<unknown>, unknown]>([
    ['check-root', (store) => findMissing(store, []), []],
    ['check-root', (store) => checkInstalled(store, []), []],
    ['check-root', (store) => packageClosure(store, [], []), []],
    ['check-store', mendStore, faultless],
    ['dependencies', (store) => findDependencies(store, []), { needs: [], inputs: [] }],
    ['installed-packages', (store) => listInstalledPackages(store), []],
  ])('is asked by the program %s', async (name, ask, answer) => {
    const stdout = JSON.stringify(answer);
    const { store, ran } = await storeSaying({ stdout }, { stdout });
    await ask(store);
    expect(ran[0]?.command[3]).toContain(`"""${name} `);
  });

  it('is asked with the environment of the root', async () => {
    const { store, ran } = await storeSaying({ stdout: '[]' }, { stdout: '[]' });
    await findMissing({ ...store, environment: { ROOT: '/x' } }, []);
    await findMissing(store, []);
    expect(ran.map(({ environment }) => environment)).toEqual([{ ROOT: '/x' }, {}]);
  });

  it('fails with a hint and the last twenty lines if there is no answer', async () => {
    const { store } = await storeSaying({ stdout: '[]x\n', stderr: `${twentyFive.join('\n\n')}\n` });
    await expect(findMissing(store, [])).rejects.toMatchObject({
      message: 'failed to ask Portage about the packages: line 24',
      hint: 'read the output of Portage above',
      logTail: lastTwenty,
    });
  });

  it('is answered although empty lines follow the answer', async () => {
    const { store } = await storeSaying({ stdout: '!!! a warning\n[]\n\n' });
    expect(await findMissing(store, [])).toEqual([]);
  });
});

describe('packaging installed packages', () => {
  it('runs nothing further if the store has all of them', async () => {
    const { store, ran } = await storeSaying({ stdout: '[]' });
    expect(await packageClosure(store, [], [{ cpv: 'a/b-1', buildTime: '' }])).toEqual([]);
    expect(ran.map(({ command }) => command.slice(4))).toEqual([
      ['closure', `/var/cache/binpkgs/${partition}`, '--', 'a/b-1='],
    ]);
  });

  it('names the packages that quickpkg did not make, with the end of the output of all its runs', async () => {
    const { store } = await storeSaying(
      { stdout: '["a/b-1","a/c-2"]' },
      { stdout: 'first\n', stderr: 'second\n' },
      { stderr: twentyFive.slice(7).join('\n') },
      { stdout: '["a/b-1","a/c-2"]' },
    );
    await expect(packageClosure(store, [], [])).rejects.toMatchObject({
      message: 'failed to package a/b-1, a/c-2: quickpkg made no package',
      hint: 'read the output of quickpkg above: the store may be full, or mounted read-only',
      logTail: ['first', 'second', ...twentyFive.slice(7)],
    });
  });

  it('shows at most twenty lines of quickpkg', async () => {
    const { store } = await storeSaying(
      { stdout: '["a/b-1"]' },
      { stderr: twentyFive.join('\n') },
      { stdout: '["a/b-1"]' },
    );
    await expect(packageClosure(store, [], [])).rejects.toMatchObject({ logTail: lastTwenty });
  });
});

describe('the failure of an assembly', () => {
  it('names the packages that the store lacks, and the package that needs each', () => {
    const missing = missingFailure([
      { atom: 'a/b', for: '' },
      { atom: 'a/c', for: '@system' },
    ]);
    expect(missing).toMatchObject({
      code: 'package-missing',
      message: 'failed to assemble the root: the store has no package for a/b, a/c (for @system)',
      hint: 'build the packages with the same cpu and portage branch: an assembly does not compile',
    });
  });

  it('names the packages that are not from the store', () => {
    expect(
      foreignFailure([
        { atom: 'a/b', cpv: 'a/b-1', why: 'x' },
        { atom: 'a/c', cpv: null, why: 'y' },
      ]),
    ).toMatchObject({
      code: 'package-missing',
      message: 'failed to assemble the root from the store: a/b-1: x; a/c: y',
      hint: 'Portage skips a binary package without a message if it is masked, or if its USE flags differ: check both',
    });
  });
});

describe('mending a partition', () => {
  const unfit = [{ path: 'a/b.xpak', cpv: '', why: 'x' }];
  const mend = async (before: object, mended: object) => {
    const { store } = await storeSaying({ stdout: JSON.stringify(before) }, { stdout: JSON.stringify(mended) });
    return mendStore(store);
  };

  it.each([
    ['faults of the index', { ...faultless, faults: ['x'], packages: 1 }],
    ['unfit packages', { ...faultless, unfit, packages: 1 }],
    ['both', { ...faultless, faults: ['x'], unfit, packages: 1 }],
  ])('returns what it mended: %s', async (_what, mended) => {
    expect(await mend({ ...faultless, faults: ['other'] }, mended)).toEqual(mended);
  });

  it('returns the earlier faults, and the present number of packages, if nothing was left to mend', async () => {
    const before = { ...faultless, faults: ['x'], unfit, packages: 5 };
    expect(await mend(before, { ...faultless, packages: 4 })).toEqual({ ...before, packages: 4 });
  });

  it('asks no second time if nothing is left to write', async () => {
    const { store, ran } = await storeSaying({
      stdout: JSON.stringify({ ...faultless, isInOrder: true, packages: 3 }),
    });
    expect(await mendStore(store)).toMatchObject({ packages: 3 });
    expect(ran).toHaveLength(1);
  });

  it('reads all files again if asked to', async () => {
    const { store, ran } = await storeSaying(
      { stdout: JSON.stringify(faultless) },
      { stdout: JSON.stringify(faultless) },
    );
    await mendStore(store, { readAll: true });
    expect(ran.map(({ command }) => command.at(-1))).toEqual(['all', 'all']);
  });
});

describe('the positions of dependencies', () => {
  it.each(['[[-1],[]]', '[[0.5],[]]', '[[2],[]]', '[[0]]', '[[0],[],[]]'])('are refused: %s', (needs) => {
    expect(parseJson(mergeDependenciesSchema(2), `{"needs":${needs},"inputs":["",""]}`)).toBeUndefined();
  });

  it('are those of the packages, from the first to the last', () => {
    const answer = { needs: [[0, 1], [1]], inputs: ['', ''] };
    expect(parseJson(mergeDependenciesSchema(2), JSON.stringify(answer))).toEqual(answer);
  });
});

describe('the installed packages', () => {
  const files = ['SLOT', 'repository', 'USE', 'IUSE', 'BUILD_ID', 'BUILD_TIME', 'CHOST', 'CFLAGS', 'SIZE', 'COUNTER'];
  const entry = { cpv: 'a/b-1', ...Object.fromEntries(files.map((name) => [name, ''])) };

  it('are read from all files that the list needs', async () => {
    const { store, ran } = await storeSaying({ stdout: '[]' });
    await listInstalledPackages(store);
    expect(ran[0]?.command.slice(4)).toEqual(['/var/db/pkg', ...files]);
  });

  it.each(['cpv', ...files])('are refused without the file %s', (name) => {
    expect(parseInstalledPackages(JSON.stringify([entry]))).toHaveLength(1);
    expect(parseInstalledPackages(JSON.stringify([{ ...entry, [name]: undefined }]))).toBeUndefined();
    expect(parseInstalledPackages(JSON.stringify([{ ...entry, [name]: 1 }]))).toBeUndefined();
  });

  it.each([
    ['123456789012345', 123456789012345],
    ['1234567890123456', undefined],
    ['7x', undefined],
    ['x7', undefined],
  ])('have the number %s', (text, number) => {
    const [item] = parseInstalledPackages(JSON.stringify([{ ...entry, SIZE: text, BUILD_ID: text }])) ?? [];
    expect(item).toMatchObject({ size: number, buildId: number });
  });

  it('have flags in order, each once, however they are separated', () => {
    const [item] =
      parseInstalledPackages(JSON.stringify([{ ...entry, USE: ' b  a ', IUSE: '  d +b  a c +-odd ' }])) ?? [];
    expect(item?.use).toEqual({ enabled: ['a', 'b'], disabled: ['-odd', 'c', 'd'] });
  });

  it('are a failure that says what to do if they cannot be read', async () => {
    const { store } = await storeSaying({ stderr: twentyFive.join('\n') });
    await expect(listInstalledPackages(store, '/x//')).rejects.toMatchObject({
      message: 'failed to list the installed packages: /x/var/db/pkg could not be read',
      hint: 'check that the stage has python3, which zentoo and Portage need',
      logTail: lastTwenty,
    });
  });
});
