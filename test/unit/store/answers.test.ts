import { describe, expect, it } from 'vitest';
import {
  findMissing,
  foreignFailure,
  missingFailure,
  packageClosure,
  parseClosure,
  parseForeign,
  parseInstalled,
  parseMissing,
} from '../../../src/store/check-root.ts';
import { parseDependencies } from '../../../src/store/dependencies.ts';
import { mendStore, parseStoreCheck } from '../../../src/store/check-store.ts';
import { parsePartition } from '../../../src/store/partition.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import type { ExecRequest } from '../../../src/engine/engine.ts';
import type { StoreMount } from '../../../src/store/portage-program.ts';

const partition = parsePartition('x86_64-pc-linux-gnu/generic/default-0123456789ab');

/** A store in a container whose programs print these, one after another. */
async function storeSaying(...outputs: readonly { stdout?: string; stderr?: string }[]) {
  const engine = new FakeEngine();
  const ran: ExecRequest[] = [];
  const left = [...outputs];
  engine.onExec = (_container, request) => {
    ran.push(request);
    return left.shift() ?? {};
  };
  engine.addImage('base');
  const container = await engine.createContainer('x', { image: 'base', command: ['sh'], mounts: [] });
  await engine.startContainer(container);
  if (partition === undefined) throw new Error('no partition');
  const store: StoreMount = { engine, container, partition };
  return { store, ran };
}

describe('what the programs print', () => {
  it('is read', () => {
    const check = {
      faults: ['Packages is empty'],
      unfit: [{ path: 'a/b/b-1-1.xpak', cpv: '', why: 'x' }],
      packages: 2,
    };
    expect(parseStoreCheck(check)).toEqual(check);
    const list = [{ cpv: 'a/b-1', buildId: '', buildTime: '1795378938' }];
    expect(parseInstalled(list)).toEqual(list);
    expect(parseMissing([{ atom: 'a/b', for: '' }])).toEqual([{ atom: 'a/b', for: '' }]);
    expect(parseForeign([{ atom: 'a/b', cpv: null, why: 'x' }])).toEqual([{ atom: 'a/b', cpv: undefined, why: 'x' }]);
    expect(parseClosure(['a/b-1'])).toEqual(['a/b-1']);
  });

  it.each([undefined, null, 1, 'x', {}, [1], [null], [{ atom: 1 }], { faults: [1], unfit: [], packages: 0 }])(
    'is nothing else: %j',
    (json) => {
      for (const parse of [parseStoreCheck, parseInstalled, parseMissing, parseForeign, parseClosure]) {
        expect(parse(json)).toBeUndefined();
      }
    },
  );

  it('is on the last line, whatever Portage says before', async () => {
    const { store, ran } = await storeSaying({ stdout: '!!! a warning\n[{"atom":"a/b","for":"@system"}]\n' });
    expect(await findMissing(store, ['@tools', 'a/b'])).toEqual([{ atom: 'a/b', for: '@system' }]);
    expect(ran[0]?.command.slice(4)).toEqual(['missing', `/var/cache/binpkgs/${partition}`, '@tools', 'a/b']);
  });

  it('is a failure with its own words where it is no answer', async () => {
    const { store } = await storeSaying({ stdout: '', stderr: 'Traceback\nthere is no set @tools\n' });
    await expect(findMissing(store, ['@tools'])).rejects.toMatchObject({
      code: 'store-corrupt',
      exitStatus: 41,
      message: 'failed to check the binary packages: there is no set @tools',
      logTail: ['Traceback', 'there is no set @tools'],
    });
  });
});

it('what is put in order is told though the first answer to that is lost', async () => {
  const unfit = [{ path: 'a/b/b-1-1.gpkg.tar', cpv: 'a/b-1', why: 'its CHOST is x' }];
  const before = JSON.stringify({ faults: ['Packages is empty'], unfit, packages: 3 });
  const { store, ran } = await storeSaying(
    { stdout: before },
    { stdout: JSON.stringify({ faults: [], unfit: [], packages: 3 }) },
  );
  expect(await mendStore(store)).toEqual(JSON.parse(before));
  expect(ran.map(({ command }) => command.slice(4))).toEqual(
    ['glance', 'mend'].map((step) => [
      step,
      `/var/cache/binpkgs/${partition}`,
      `/var/cache/binpkgs/quarantine/${partition}`,
    ]),
  );
});

describe('packaging what is installed', () => {
  it('is checked afterwards', async () => {
    const { store, ran } = await storeSaying({ stdout: '["a/b-1","a/c-2"]' }, {}, {}, { stdout: '[]' });
    const stage = [{ cpv: 'a/d-1', buildId: '', buildTime: '7' }];
    expect(await packageClosure({ ...store, environment: { ROOT: '/x' } }, ['@tools'], stage)).toEqual([
      'a/b-1',
      'a/c-2',
    ]);
    expect(ran[0]?.command.slice(-3)).toEqual(['@tools', '--', 'a/d-1=7']);
    expect(ran[1]).toMatchObject({
      command: ['quickpkg', '--include-config=y', '=a/b-1'],
      environment: { ROOT: '/x', PKGDIR: `/var/cache/binpkgs/${partition}`, FEATURES: 'binpkg-multi-instance' },
    });
    expect(ran).toHaveLength(4);
  });

  it('fails with the words of quickpkg where it did not', async () => {
    const { store } = await storeSaying(
      { stdout: '["a/b-1"]' },
      { stderr: 'No write access' },
      { stdout: '["a/b-1"]' },
    );
    await expect(packageClosure(store, ['@tools'], [])).rejects.toMatchObject({
      code: 'package-missing',
      message: 'failed to package a/b-1: quickpkg did not',
      logTail: ['No write access'],
    });
  });
});

describe('a failed assembly', () => {
  it('is none where nothing is wrong', () => {
    expect(missingFailure([])).toBeUndefined();
    expect(foreignFailure([])).toBeUndefined();
  });

  it('names every package', () => {
    const missing = missingFailure([
      { atom: 'a/b', for: '' },
      { atom: 'a/c:2=', for: 'a/d-1' },
    ]);
    expect(missing).toMatchObject({
      exitStatus: 43,
      message: expect.stringContaining('a/b, a/c:2= (for a/d-1)') as string,
    });
    const foreign = foreignFailure([
      { atom: 'a/b', cpv: undefined, why: 'it is not installed' },
      { atom: 'a/c', cpv: 'a/c-1', why: 'it is not from the store: the store has no package of it' },
    ]);
    expect(foreign).toMatchObject({
      exitStatus: 43,
      message: expect.stringContaining('a/b: it is not installed; a/c-1: it is not from the store') as string,
    });
  });
});

describe('what packages need of each other', () => {
  it('is a list of positions for each', () => {
    expect(parseDependencies([[1, 2], [], [1]], 3)).toEqual([[1, 2], [], [1]]);
  });

  it.each([
    ['another number of packages', [[1], []], 3],
    ['a position that there is not', [[2], []], 2],
    ['what is no position', [['1'], []], 2],
    ['no list', { 0: [] }, 1],
  ])('is nothing with %s', (_, json, count) => {
    expect(parseDependencies(json, count)).toBeUndefined();
  });
});
