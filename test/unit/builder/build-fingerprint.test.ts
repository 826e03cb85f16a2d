import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fingerprintBuild } from '../../../src/builder/build-fingerprint.ts';
import type { BuildRequest } from '../../../src/builder/build-request.ts';
import type { Preconditions } from '../../../src/builder/check-preconditions.ts';
import { chooseMount } from '../../../src/container/mounts.ts';
import type { ImageId } from '../../../src/engine/identifiers.ts';
import { Failure } from '../../../src/failure.ts';
import { fakeImage } from '../../support/fake-engine/fake-engine-state.ts';
import { buildRequest, BuildWorld, packages } from './build-world.ts';

/** The fingerprint of a build with these changes of the request, the preconditions and the tree's stamp. */
function fingerprint(
  request: Partial<BuildRequest> = {},
  ready: Partial<Preconditions> = {},
  stamp: string | undefined = 'stamp',
): Promise<string | undefined> {
  using world = new BuildWorld();
  const image = { ...fakeImage({}), id: 'sha256:base' as ImageId };
  const complete = { ...world.ready, base: { name: 'base', image }, ...ready };
  return fingerprintBuild(buildRequest(request), complete, stamp);
}

const system = (otherSyncs: boolean) => {
  using world = new BuildWorld();
  return world.ready.system && { ...world.ready.system, otherSyncs };
};

describe('the fingerprint of a build', () => {
  it('is 64 hexadecimal digits, the same for the same inputs', async () => {
    expect(await fingerprint()).toMatch(/^[0-9a-f]{64}$/);
    expect(await fingerprint()).toBe(await fingerprint());
  });

  it.each<Partial<BuildRequest>>([
    { base: 'another-name' },
    { tree: 'another-name' },
    { sync: false },
    { syncMaxAge: 60 },
    { createTree: true },
    { jobs: 3 },
    { tmpfs: 'auto' },
    { timeout: 60 },
    { silenceTimeout: 60 },
    { minFree: 1024 },
    { tags: ['mine:1'] },
    { keepFailed: true },
    { logDir: 'elsewhere' },
    { dryRun: true },
    { rebuild: true },
    { invalidPackages: [new Failure('invalid-package', 'x')] },
  ])('is the same with %j', async (request) => {
    expect(await fingerprint(request)).toBe(await fingerprint());
  });

  it.each<readonly [string, Partial<BuildRequest>, Partial<Preconditions>, string]>([
    ['packages', { packages: packages('app-misc/hello', 'a/b') }, {}, 'stamp'],
    ['order of the packages', { packages: packages('a/b', 'app-misc/hello') }, {}, 'stamp'],
    ['USE flags', { use: 'ssl' }, {}, 'stamp'],
    ['options for emerge', { emergeOptions: ['--deep'] }, {}, 'stamp'],
    ['use of binary packages', { binpkgs: false }, { binpkgs: undefined }, 'stamp'],
    ['base', {}, { base: { name: 'base', image: fakeImage({ layers: ['other'] }) } }, 'stamp'],
    ['tree', {}, { tree: chooseMount('tree', 'other', undefined) }, 'stamp'],
    ['store of binary packages', {}, { binpkgs: chooseMount('binpkgs', 'other', undefined) }, 'stamp'],
    ['stamp of the tree', {}, {}, 'other'],
  ])('differs with another %s', async (_what, request, ready, stamp) => {
    const other = await fingerprint(request, ready, stamp);
    expect(other).toMatch(/^[0-9a-f]{64}$/);
    expect(other).not.toBe(await fingerprint());
  });

  it('depends on the content of the make.conf', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'fingerprint-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const write = (name: string, text: string) => {
      writeFileSync(join(directory, name), text);
      return { makeConf: join(directory, name) };
    };
    const [one, same, other] = [write('a', 'USE="x"'), write('b', 'USE="x"'), write('c', 'USE="y"')];
    const [first, second, third] = await Promise.all([one, same, other].map((each) => fingerprint(each)));
    expect(first).toBe(second);
    expect(new Set([first, third, await fingerprint()]).size).toBe(3);
  });

  it('is unknown if an input is unknown', async () => {
    expect(await fingerprint({}, {}, '')).toBeUndefined();
    using world = new BuildWorld();
    expect(await fingerprintBuild(buildRequest(), world.ready, undefined)).toBeUndefined();
    expect(await fingerprint({}, { base: { name: 'base', image: undefined } })).toBeUndefined();
    expect(await fingerprint({}, { system: undefined })).toBeUndefined();
    expect(await fingerprint({}, { system: system(true) })).toBeUndefined();
  });

  it('is known without a sync, even if a sync would update other repositories', async () => {
    expect(await fingerprint({ sync: false }, { system: system(true) })).toBe(await fingerprint());
    expect(await fingerprint({ sync: false }, { system: undefined })).toBe(await fingerprint());
  });
});
