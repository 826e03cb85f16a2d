import type { GenericSchema } from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  checkInstalled,
  findMissing,
  foreignFailure,
  foreignPackagesSchema,
  missingFailure,
  missingPackagesSchema,
  packageClosure,
} from '../../../src/store/check-root.ts';
import { findDependencies, mergeDependenciesSchema } from '../../../src/store/dependencies.ts';
import { parsePretendOutput } from '../../../src/portage/output/pretend-output.ts';
import { mendStore, storeCheck } from '../../../src/store/check-store.ts';
import { parseJson } from '../../../src/parse-json.ts';
import { partition, storeSaying } from './answering-store.ts';

/** A partition without faults whose packages are not in the cache yet. */
const order = {
  ...{ faults: [], unfit: [], unverified: [], packages: 2 },
  ...{ isInOrder: false, signatures: false, remote: false, former: false },
};

describe('the answer of a program in a container', () => {
  it.each([
    [
      storeCheck,
      {
        ...order,
        faults: ['Packages is empty'],
        unfit: [{ path: 'a/b/b-1-1.xpak', cpv: '', why: 'x' }],
        unverified: [{ path: 'a/b/b-1-2.gpkg.tar', cpv: 'a/b-1', why: 'y' }],
      },
    ],
    [missingPackagesSchema, [{ atom: 'a/b', for: '' }]],
    [foreignPackagesSchema, [{ atom: 'a/b', cpv: null, why: 'x' }]],
  ])('is read: %#', (schema: GenericSchema, answer) => {
    expect(parseJson(schema, JSON.stringify(answer))).toEqual(answer);
  });

  it.each([
    '',
    'x',
    'null',
    '1',
    '"x"',
    '{}',
    '[1]',
    '[null]',
    '[{"atom":1}]',
    '{"faults":[1],"unfit":[],"packages":0}',
  ])('is refused if it does not match: %j', (text) => {
    for (const schema of [storeCheck, missingPackagesSchema, foreignPackagesSchema]) {
      expect(parseJson<unknown>(schema, text)).toBeUndefined();
    }
  });

  it('is on the last line, after whatever Portage prints', async () => {
    const { store, ran } = await storeSaying({ stdout: '!!! a warning\n[{"atom":"a/b","for":"@system"}]\n' });
    expect(await findMissing(store, ['@tools', 'a/b'])).toEqual([{ atom: 'a/b', for: '@system' }]);
    expect(ran[0]?.command.slice(4)).toEqual(['missing', `/var/cache/binpkgs/${partition}`, '@tools', 'a/b']);
  });

  it('of a root is a list of packages that are not from the store', async () => {
    const why = 'it is not installed';
    const { store, ran } = await storeSaying({ stdout: JSON.stringify([{ atom: 'a/b', cpv: null, why }]) });
    expect(await checkInstalled(store, ['a/b'])).toEqual([{ atom: 'a/b', cpv: null, why }]);
    expect(ran[0]?.command.slice(4)).toEqual(['installed', `/var/cache/binpkgs/${partition}`, 'a/b']);
  });

  it('may be missing without any output', async () => {
    const { store } = await storeSaying({});
    await expect(findMissing(store, [])).rejects.toMatchObject({
      message: 'failed to ask Portage about the packages: Portage printed no answer',
      logTail: [],
    });
  });

  it('becomes a failure with its error output if there is no answer', async () => {
    const { store } = await storeSaying({ stdout: '', stderr: 'Traceback\nthere is no set @tools\n' });
    await expect(findMissing(store, ['@tools'])).rejects.toMatchObject({
      code: 'emerge-failed',
      message: 'failed to ask Portage about the packages: there is no set @tools',
      logTail: ['Traceback', 'there is no set @tools'],
    });
  });

  it('blames the store only if the store was checked', async () => {
    const { store } = await storeSaying({ stdout: '', stderr: 'x\n' });
    await expect(mendStore(store)).rejects.toMatchObject({
      ...{ code: 'store-corrupt', exitStatus: 41, message: 'failed to check the binary packages: x' },
      hint: 'read the output of Portage above: the store must be mounted, and Portage must work in the container',
    });
  });
});

it('mendStore returns the faults that it mended', async () => {
  const found = { ...order, faults: ['Packages is missing'], packages: 3 };
  const { store } = await storeSaying(
    { stdout: JSON.stringify({ ...found, faults: [] }) },
    { stdout: JSON.stringify(found) },
  );
  expect(await mendStore(store)).toEqual(found);
});

it('mendStore returns the faults even if its first answer was lost', async () => {
  const unfit = [{ path: 'a/b/b-1-1.gpkg.tar', cpv: 'a/b-1', why: 'its CHOST is x' }];
  const before = JSON.stringify({ ...order, faults: ['Packages is empty'], unfit });
  const { store, ran } = await storeSaying({ stdout: before }, { stdout: JSON.stringify(order) });
  expect(await mendStore(store)).toEqual(JSON.parse(before));
  expect(ran.map(({ command }) => command.slice(4))).toEqual(
    ['glance', 'mend'].map((step) => [
      step,
      `/var/cache/binpkgs/${partition}`,
      `/var/cache/binpkgs/quarantine/${partition}`,
    ]),
  );
});

describe('packaging installed packages', () => {
  it('checks afterwards that the store has them', async () => {
    const { store, ran } = await storeSaying({ stdout: '["a/b-1","a/c-2"]' }, {}, {}, { stdout: '[]' });
    const stage = [{ cpv: 'a/d-1', buildTime: '7' }];
    expect(await packageClosure({ ...store, environment: { ROOT: '/x' } }, ['@tools'], stage)).toEqual([
      'a/b-1',
      'a/c-2',
    ]);
    expect(ran[0]?.command.slice(-3)).toEqual(['@tools', '--', 'a/d-1=7']);
    expect(ran[1]).toMatchObject({
      command: ['quickpkg', '--include-config=y', '=a/b-1'],
      environment: {
        ROOT: '/x',
        PKGDIR: `/var/cache/binpkgs/${partition}`,
        FEATURES: 'binpkg-multi-instance -binpkg-request-signature',
      },
    });
    expect(ran).toHaveLength(4);
  });

  it('fails with the output of quickpkg if it made none', async () => {
    const { store } = await storeSaying(
      { stdout: '["a/b-1"]' },
      { stderr: 'No write access' },
      { stdout: '["a/b-1"]' },
    );
    await expect(packageClosure(store, ['@tools'], [])).rejects.toMatchObject({
      code: 'package-missing',
      message: 'failed to package a/b-1: quickpkg made no package',
      logTail: ['No write access'],
    });
  });
});

describe('the failure of an assembly', () => {
  it('is undefined if no package is missing or foreign', () => {
    expect(missingFailure([])).toBeUndefined();
    expect(foreignFailure([])).toBeUndefined();
  });

  it('names every missing or foreign package', () => {
    const missing = missingFailure([
      { atom: 'a/b', for: '' },
      { atom: 'a/c:2=', for: 'a/d-1' },
    ]);
    expect(missing).toMatchObject({
      exitStatus: 43,
      message: expect.stringContaining('a/b, a/c:2= (for a/d-1)') as string,
    });
    const foreign = foreignFailure([
      { atom: 'a/b', cpv: null, why: 'it is not installed' },
      { atom: 'a/c', cpv: 'a/c-1', why: 'it is not from the store: the store has no package of it' },
    ]);
    expect(foreign).toMatchObject({
      exitStatus: 43,
      message: expect.stringContaining('a/b: it is not installed; a/c-1: it is not from the store') as string,
    });
  });
});

describe('dependencies among packages', () => {
  it('are a list of positions and the inputs for each package', () => {
    const answer = { needs: [[1, 2], [], [1]], inputs: ['a', '', 'b'] };
    expect(parseJson(mergeDependenciesSchema(3), JSON.stringify(answer))).toEqual(answer);
  });

  it.each([
    ['another number of packages', [[1], []], 3],
    ['a position that there is not', [[2], []], 2],
    ['what is no position', [['1'], []], 2],
    ['no list', { 0: [] }, 1],
  ])('are refused with %s', (_, needs, count) => {
    const inputs = Array.from({ length: count }, () => '');
    expect(parseJson(mergeDependenciesSchema(count), JSON.stringify({ needs, inputs }))).toBeUndefined();
  });

  it('are refused without the inputs of each package', () => {
    expect(parseJson(mergeDependenciesSchema(2), '{"needs":[[],[]],"inputs":["a"]}')).toBeUndefined();
  });

  it('are requested with the data that emerge printed for each package', async () => {
    const { store, ran } = await storeSaying({ stdout: '{"needs":[[1],[]],"inputs":["a",""]}' });
    const { packages } = parsePretendOutput([
      '[ebuild  N     ] a/b-1:0/2::gentoo  USE="nls -doc" 0 KiB',
      '[binary  N     ] a/c-2-1:0/2::gentoo to /usr/x86_64-pc-linux-musl/ USE="nls" 0 KiB',
    ]);
    expect(await findDependencies(store, packages)).toEqual({ needs: [[1], []], inputs: ['a', ''] });
    const asked = { slot: '0/2', repository: 'gentoo', use: ['nls'] };
    expect(ran[0]?.command.slice(4).map((word) => JSON.parse(word) as unknown)).toEqual([
      { ...asked, cpv: 'a/b-1', root: '/', compiled: true },
      { ...asked, cpv: 'a/c-2', root: '/usr/x86_64-pc-linux-musl/', compiled: false },
    ]);
  });
});
