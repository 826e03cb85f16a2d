import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Builder, faultsStage } from '../support/builder.ts';
import { EngineProxy } from '../support/proxy.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { RunningProgram } from '../support/run-program.ts';
import { SecondEngine } from '../support/real-engine/second-engine.ts';

const program = join(import.meta.dirname, '../../src/gentoo-builder.ts');

describe('case 3.2: a volume that is full', () => {
  it.each([
    ['logs', '64k', 'test-fault/prints-much', '/var/log/portage'],
    ['binpkgs', '8k', 'app-misc/motto', '/var/cache/binpkgs'],
    ['distfiles', '16k', 'app-text/tree', '/var/cache/distfiles'],
    ['tree', '64k', 'app-misc/motto', '/var/db/repos/gentoo'],
  ] as const)('is named (%s of %s), and nothing is committed', async (what, size, name, where) => {
    await using builder = new Builder();
    const DriverOpts = { type: 'tmpfs', device: 'tmpfs', o: `size=${size}` };
    await rawDocker().createVolume({ Name: builder.volumes[what], DriverOpts });
    const { status, stdout, stderr } = await builder.run([name], { base: faultsStage });
    expect({ status, stdout, stderr }).toMatchObject({ status: 37, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^gentoo-builder: failed to .*: no space left on device.* at ${where}`, 'm'));
    expect(stderr).toContain(`hint: free space in the volume or directory that is mounted at ${where}`);
  });
});

describe('a data directory of the engine that is full', () => {
  let engine: SecondEngine;

  beforeAll(async () => {
    engine = await SecondEngine.open('4G');
    await engine.copyImages(faultsStage);
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  /** Starts a builder from the sources, on the second engine or a proxy in front of it. */
  function start(packages: readonly string[], address = engine.address): RunningProgram {
    const options = ['--progress=plain', '--base', faultsStage, '--create-tree', '--sync-max-age=1h', '--rebuild'];
    vi.stubEnv('DOCKER_HOST', address);
    const running = new RunningProgram(process.execPath, [program, ...options, ...packages]);
    vi.unstubAllEnvs();
    return running;
  }

  /** With free space, the next run removes what is left, and builds. */
  async function expectRecovery(): Promise<void> {
    await engine.restoreSize();
    const { status, stderr } = await start(['app-misc/motto']).outcome;
    expect(status, stderr).toBe(0);
    expect(await engine.docker.listContainers({ all: true })).toEqual([]);
  }

  it('during a build is named, and the next run builds', async () => {
    const running = start(['test-fault/prints-much']);
    await running.said(/>>> Emerging \(1 of 1\)/);
    await engine.leaveFree(4096);
    const { status, stdout, stderr } = await running.outcome;
    expect({ status, stdout, stderr }).toMatchObject({ status: 37, stdout: '' });
    expect(stderr).toMatch(/no space left on device at \//);
    await expectRecovery();
  });

  it('at the commit is named, no image is left, and the next run builds', async () => {
    await using proxy = await EngineProxy.open({ hold: [{ method: 'POST', path: /\/commit/ }] }, engine.socket);
    const running = start(['app-misc/motto'], proxy.address);
    await Promise.race([proxy.held, running.outcome.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
    const before = await engine.docker.listImages({ all: true });
    await engine.leaveFree(0);
    proxy.release();
    const { status, stdout, stderr } = await running.outcome;
    expect({ status, stdout, stderr }).toMatchObject({ status: 50, stdout: '' });
    expect(stderr).toContain("hint: the disk of the engine's data directory is full");
    expect(await engine.docker.listImages({ all: true })).toEqual(before);
    await expectRecovery();
  });
});
