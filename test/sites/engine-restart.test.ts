import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ownerLabel } from '../../src/container/workspace.ts';
import { EngineProxy } from '../support/proxy.ts';
import { RunningProgram } from '../support/run-program.ts';
import { SecondEngine } from '../support/real-engine/second-engine.ts';
import { faultsConf, makeTrees, siteYaml, ZentooSite, type SharedTrees } from '../support/zentoo-site.ts';

const program = join(import.meta.dirname, '../../src/gentoo-builder.ts');
const faults = 'gentoo-ministage-faults';

let engine: SecondEngine;

beforeAll(async () => {
  engine = await SecondEngine.open('4G');
  await engine.copyImages('gentoo-ministage', faults);
  // From here on, programs and helpers use the second engine.
  vi.stubEnv('DOCKER_HOST', engine.address);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await engine[Symbol.asyncDispose]();
});

/** A service manager stops an engine and its containers; or the engine is killed, and its containers go on until it starts again. */
const restarts = [
  ['stopped', () => engine.stop(), 'app-misc/motto'],
  ['killed', () => engine.kill(), 'app-misc/timepiece'],
] as const;

const start = (...args: string[]) =>
  new RunningProgram(process.execPath, [program, '--progress=plain', '--base', faults, '--create-tree', ...args]);

/**
 * The exit statuses of a program whose engine ends: it meets the engine while that is gone (`engine-lost`), or afterwards, when the
 * engine has found out that the container ended (`container-lost`).
 */
const lost = [16, 17];

/** The containers and the work volumes on the engine. */
async function remains() {
  const { docker } = engine;
  const { Volumes } = await docker.listVolumes({ filters: { label: [ownerLabel] } });
  const containers = await docker.listContainers({ all: true });
  return { containers: containers.map(({ Names }) => Names.join()), volumes: Volumes.map(({ Name }) => Name) };
}

const images = async () => (await engine.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);

/** The next run removes what is left, and builds. */
async function expectRecovery(): Promise<void> {
  const { status, stderr } = await start('--no-sync', '--rebuild', 'app-misc/motto').outcome;
  expect(status, stderr).toBe(0);
  expect(await remains()).toEqual({ containers: [], volumes: [] });
}

describe('an engine that is restarted', () => {
  it.each(restarts)('during an exec (%s) is named, and the next run recovers', async (_how, end) => {
    const builder = start('test-fault/hangs');
    await builder.said(/>>> Emerging \(1 of 1\)/);
    await end();
    await engine.start();
    const { status, stdout, stderr } = await builder.outcome;
    expect(lost, stderr).toContain(status);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^gentoo-builder: failed to .*: (?:lost the Docker engine at unix:|the build container is gone: )/m,
    );
    expect(stderr).not.toContain('failed to emerge test-fault');
    await expectRecovery();
  });

  it.each([
    ['before', 0, 'stop'],
    ['during', 1, 'kill'],
  ] as const)('%s a commit makes a whole image or none, and the next run recovers', async (_when, begun, end) => {
    await using proxy = await EngineProxy.open({ hold: [{ method: 'POST', path: /\/commit/ }] }, engine.socket);
    vi.stubEnv('DOCKER_HOST', proxy.address);
    const builder = start('--rebuild', 'app-misc/motto');
    vi.stubEnv('DOCKER_HOST', engine.address);
    await Promise.race([proxy.held, builder.outcome.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
    const before = await images();
    if (begun === 1) proxy.release();
    await engine[end]();
    await engine.start();
    proxy.release();
    const { status, stdout, stderr } = await builder.outcome;
    const made = (await images()).filter((name) => !before.includes(name));
    // The image is committed if the engine was fast enough.
    expect([0, ...lost], stderr).toContain(status);
    if (status === 0) expect(made, stderr).toEqual([`${stdout.trim()}:latest`]);
    else expect(made.length, stderr).toBeLessThanOrEqual(1);
    await expectRecovery();
  });
});

describe('an engine that is restarted during the build of a site', () => {
  const site = new ZentooSite('restart');
  let trees: SharedTrees & AsyncDisposable;

  beforeAll(async () => {
    trees = await makeTrees();
    site.write('site.yaml', siteYaml(site, trees));
    site.write('config/tuples', 'plain-base-plain-both\n');
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it.each(restarts)('(%s) is named, and the next build goes on with what was compiled', async (_how, end, good) => {
    site.write('config/sets/both', `${good}\ntest-fault/hangs\n`);
    // One after the other, the last of them hangs.
    const running = site.start(['build', '--jobs', '1']);
    await running.said(/Emerging .*test-fault\/hangs/);
    await end();
    await engine.start();
    const { status, stderr } = await running.outcome;
    expect(lost, stderr).toContain(status);
    expect(stderr).toMatch(
      /^zentoo: .*: (?:lost the Docker engine at unix:|the build container is gone: ).*, while test-fault\/hangs-1 was being built$/m,
    );
    expect(stderr).not.toContain('failed to emerge test-fault');
    site.write('config/sets/both', `${good}\n`);
    const next = await site.build();
    expect(next.status, next.stderr).toBe(0);
    expect(next.tuples.get('plain-base-plain-both')?.compiled).not.toContain('sys-apps/stage-info-1.0');
    expect(await remains()).toEqual({ containers: [], volumes: [] });
  });
});
