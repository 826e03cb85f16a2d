import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BuildContainer } from '../../../../src/build/build-container.ts';
import { aidCompiler } from '../../../../src/build/tuple/aid-compiler.ts';
import { describeWorkers, listWorkers } from '../../../../src/build/distcc/list-workers.ts';
import { fingerprintBuildmaster } from '../../../../src/plan/fingerprint.ts';
import { buildmasterName } from '../../../../src/build/tuple/make-buildmaster.ts';
import { workerImageName } from '../../../../src/build/distcc/distcc-names.ts';
import { raiseWorkers } from '../../../../src/build/distcc/raise-workers.ts';
import { removeWorkers } from '../../../../src/build/distcc/remove-workers.ts';
import { startWorker } from '../../../../src/build/distcc/start-worker.ts';
import { surroundingsOf } from '../../../../src/build/tuple/surroundings.ts';
import { countJobs } from '../../../../src/build/distcc/worker-log.ts';
import type { ContainerId } from '../../../../src/engine/engine.ts';
import { fakeFiles } from '../../../support/fake-engine-files.ts';
import { branch, commits } from '../../plan/sites.ts';
import { SiteWorld, tupleWithTree } from '../tuple/site-world.ts';

const gcc = 'x86_64-pc-linux-gnu-gcc 12.2.0\n0123  -\n';
const network = 'zentoo-net-distcc';
const summary = (outcome: string, file: string) =>
  `distccd[9] (dcc_job_summary) client: 172.19.0.4:37302 ${outcome} exit:0 sig:0 core:0 ret:0 time:3ms /usr/bin/gcc ${file}\n`;

/** A site whose buildmaster has an image of workers; every compiler is `compilers`' by the container's name, or gcc. */
class DistccWorld extends SiteWorld {
  readonly site = this.run();
  readonly tuple = this.site.site.tuples[0] ?? tupleWithTree();
  readonly buildmaster = buildmasterName(
    this.site,
    this.tuple,
    fingerprintBuildmaster(this.tuple, surroundingsOf(this.site, this.tuple)),
  );
  readonly image = workerImageName(this.site.site, this.buildmaster);
  readonly compilers = new Map<string, string>();
  serves = true;

  constructor() {
    super();
    const { digest } = fingerprintBuildmaster(this.tuple, surroundingsOf(this.site, this.tuple));
    this.engine.addImage(this.buildmaster, {
      layers: [...this.stage.layers, 'sha256:buildmaster'],
      labels: { 'zentoo.fingerprint': digest, 'zentoo.partition': 'x86_64-pc-linux-gnu/x86-64/profile-0123456789ab' },
    });
    this.engine.onExec = ({ name }, { command }) => {
      if (command[3] === 'zentoo-compiler') return { stdout: this.compilers.get(name) ?? gcc };
      return { exitCode: command[3] === 'zentoo-tool' || this.serves ? 0 : 1 };
    };
  }

  /** Starts a worker with the compiler that its image is labelled with. */
  async worker(name: string, slots = 1, buildmaster = this.buildmaster): Promise<ContainerId> {
    await this.engine.createNetwork(network, { 'zentoo.distcc': 'net' });
    const image = workerImageName(this.site.site, buildmaster);
    const known = await this.engine.inspectImage(image);
    if (known === undefined) this.addWorkerImage(image, buildmaster);
    const { subnets = [] } = (await this.engine.inspectNetwork(network)) ?? {};
    return startWorker(this.site, { name, buildmaster, image, slots, allowed: subnets });
  }

  addWorkerImage(image = this.image, buildmaster = this.buildmaster): void {
    this.engine.addImage(image, {
      layers: [...this.stage.layers, 'sha256:buildmaster', 'sha256:distcc'],
      labels: {
        'zentoo.distcc.buildmaster': buildmaster,
        'zentoo.distcc.compiler': 'x86_64-pc-linux-gnu-gcc 12.2.0',
        'zentoo.distcc.compiler-digest': createHash('sha256').update(gcc).digest('hex'),
        'zentoo.distcc.chost': 'x86_64-pc-linux-gnu',
        'zentoo.distcc.image': image,
      },
    });
  }

  /** A running container of the buildmaster. */
  async builder(name = 'builder'): Promise<BuildContainer> {
    const id = await this.engine.createContainer(name, { image: this.buildmaster, command: ['x'], mounts: [] });
    await this.engine.startContainer(id);
    return { id, base: this.buildmaster } as BuildContainer;
  }

  warnings(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  }
}

describe('a worker', () => {
  it('mounts nothing, is in the network of workers alone, and allows that alone', async () => {
    using world = new DistccWorld();
    const id = await world.worker('w-1', 3);
    const { spec } = world.engine.container(id);
    expect(spec).toMatchObject({ mounts: [], network, labels: { 'zentoo.distcc': 'net', 'zentoo.distcc.slots': '3' } });
    expect(spec.command.slice(-4)).toEqual(['/var/log/distccd.log', '3', '--allow', '10.0.0.0/24']);
  });

  it('that does not serve is removed again, with what it wrote', async () => {
    using world = new DistccWorld();
    world.serves = false;
    await expect(world.worker('w-1')).rejects.toMatchObject({ code: 'container-lost' });
    expect([...world.engine.containers.values()].map(({ name }) => name)).not.toContain('w-1');
  });

  it('has compiled what its log says that it compiled', () => {
    const log = `${summary('COMPILE_OK', 'f1.c')}${summary('COMPILE_ERROR', 'f2.c')}${summary('COMPILE_OK', 'f3.c')}COMPILE_OK\n`;
    expect(countJobs(log)).toBe(2);
    expect(countJobs('')).toBe(0);
  });
});

describe('the workers of a site', () => {
  it('are listed by number, with what they did, whether they run or not', async () => {
    using world = new DistccWorld();
    for (const number of [10, 2, 1]) await world.worker(`w-${number}`);
    await world.worker('w-3', 1, 'zentoo/net/buildmaster:former');
    const written = fakeFiles({ '/var/log/distccd.log': summary('COMPILE_OK', 'f.c') });
    for (const [path, file] of written) world.engine.container('w-2').files.set(path, file);
    world.engine.stopContainer(world.engine.container('w-2'), 137);
    world.compilers.set('w-10', 'another');
    const workers = await describeWorkers(world.site);
    expect(
      workers.map(({ name, state, jobs, hasSameCompiler, isCurrent }) => [
        name,
        state,
        jobs,
        hasSameCompiler,
        isCurrent,
      ]),
    ).toEqual([
      ['w-1', 'running', 0, true, true],
      ['w-2', 'exited', 1, undefined, true],
      ['w-3', 'running', 0, true, false],
      ['w-10', 'running', 0, false, true],
    ]);
  });

  it('are as many as are asked for: those that run stay, others are made anew, and what no tuple has goes', async () => {
    using world = new DistccWorld();
    const { site, tuple, engine } = world;
    world.addWorkerImage();
    await raiseWorkers(site, [tuple], 3);
    const [first, second, third] = await listWorkers(site);
    expect([first, second, third].map((one) => one?.name)).toEqual(
      [1, 2, 3].map((number) => `${network}-${world.buildmaster.slice(-8)}-${number}`),
    );
    await world.worker('w-former', 1, 'zentoo/net/buildmaster:former');
    engine.stopContainer(engine.container(second?.id ?? ''), 137);
    await raiseWorkers(site, [tuple, tuple], 3);
    const again = await listWorkers(site);
    expect(again.map(({ name }) => name)).toEqual([first, second, third].map((one) => one?.name));
    expect(again.map(({ id }) => id)).toEqual([first?.id, expect.not.stringMatching(second?.id ?? ''), third?.id]);
    expect(engine.imageNames.has('zentoo/net/distcc:former')).toBe(false);
    // With another number of workers each of them runs another number of compilers.
    await raiseWorkers(site, [tuple], 1);
    expect((await listWorkers(site)).map(({ slots }) => slots)).toEqual([4]);
    await raiseWorkers(site, [tuple]);
    expect((await listWorkers(site)).map(({ slots }) => slots)).toEqual([1, 1, 1, 1]);
  });

  it('go with their image and their network, and nothing else does', async () => {
    using world = new DistccWorld();
    await world.worker('w-1');
    await world.builder();
    expect(await removeWorkers(world.site)).toEqual({ workers: ['w-1'], images: [world.image], network });
    expect([...world.engine.containers.values()].map(({ name }) => name)).toEqual(['builder']);
    expect(world.engine.imageNames.has(world.buildmaster)).toBe(true);
    expect(world.engine.networks.size).toBe(0);
    expect(await removeWorkers(world.site)).toEqual({ workers: [], images: [], network: undefined });
  });

  it("leave a network of that name that is not the site's, and one that a build is in", async () => {
    using world = new DistccWorld();
    await world.engine.createNetwork(network, {});
    expect((await removeWorkers(world.site)).network).toBeUndefined();
    expect(world.engine.networks.has(network)).toBe(true);
    await world.engine.removeNetwork(network);
    await world.worker('w-1');
    await world.engine.connectNetwork(network, (await world.builder()).id);
    await expect(removeWorkers(world.site)).rejects.toMatchObject({ code: 'engine-refused' });
    expect(await listWorkers(world.site)).toEqual([]);
  });
});

describe('a container that compiles', () => {
  it('does so by itself where there are no workers', async () => {
    using world = new DistccWorld();
    const { tuple, site } = world;
    expect(await aidCompiler(site, await world.builder(), tuple, { jobs: 2 })).toEqual({
      features: [],
      environment: {},
    });
    expect(world.warnings()).toEqual([]);
  });

  it('joins the workers of its buildmaster that run', async () => {
    using world = new DistccWorld();
    const { tuple, site } = world;
    await world.worker('w-1', 2);
    await world.worker('w-2');
    world.engine.stopContainer(world.engine.container('w-2'), 137);
    const builder = await world.builder();
    const aids = await aidCompiler(site, builder, tuple, { jobs: 2 });
    expect(aids).toMatchObject({ features: ['distcc'], makeJobs: 4 });
    expect(aids.environment['DISTCC_HOSTS']).toMatch(/^10\.0\.0\.2\/2 localhost\/2 /);
    const { endpoints = [] } = (await world.engine.inspectNetwork(network)) ?? {};
    expect(endpoints.map(({ container }) => container)).toContain(builder.id);
  });

  it('leaves out one with another compiler, says so once, and asks no worker twice', async () => {
    using world = new DistccWorld();
    const { tuple, site } = world;
    await world.worker('w-1');
    await world.worker('w-2');
    world.compilers.set('w-1', 'gcc 13\n');
    for (const name of ['one', 'two']) {
      const aids = await aidCompiler({ ...site }, await world.builder(name), tuple, { jobs: 1 });
      expect(aids.environment['DISTCC_HOSTS']).toMatch(/^10\.0\.0\.3\/1 localhost/);
    }
    expect(world.warnings()).toEqual([
      `the distcc worker w-1 is not used: its compiler (gcc 13) is not that of ${world.buildmaster} (x86_64-pc-linux-gnu-gcc 12.2.0)`,
    ]);
    const asked = world.engine.calls.filter(({ args }) => JSON.stringify(args).includes('zentoo-compiler'));
    expect(asked).toHaveLength(3);
  });

  it('is asked for its own compiler each time where a hook may have changed it', async () => {
    using world = new DistccWorld();
    await world.worker('w-1');
    const tuple = { ...world.tuple, buildhooks: branch('plain', commits[1], { compile: '#!/bin/sh\n' }) };
    const [one, two] = [await world.builder('one'), await world.builder('two')];
    world.compilers.set('two', 'gcc 13\n');
    expect((await aidCompiler(world.site, one, tuple, { jobs: 1 })).features).toEqual(['distcc']);
    expect((await aidCompiler(world.site, two, tuple, { jobs: 1 })).features).toEqual([]);
  });

  it('compiles by itself where all workers are of other buildmasters, and says so', async () => {
    using world = new DistccWorld();
    await world.worker('w-1', 1, 'zentoo/net/buildmaster:former');
    expect(await aidCompiler(world.site, await world.builder(), world.tuple, { jobs: 2 })).toMatchObject({
      features: [],
    });
    expect(world.warnings()).toEqual([`no distcc worker is used: none is of ${world.buildmaster}`]);
  });

  it('has ccache besides, where the site wants it', async () => {
    using world = new DistccWorld();
    await world.worker('w-1');
    const { tuple, site } = world;
    const run = { ...site, site: { ...site.site, ccache: true } };
    const { features, environment } = await aidCompiler(run, await world.builder(), tuple, { jobs: 1 });
    expect(features).toEqual(['distcc', 'ccache']);
    expect(environment).toMatchObject({ CCACHE_DIR: '/var/cache/ccache', CCACHE_COMPILERCHECK: 'content' });
    expect(environment['DISTCC_HOSTS']).toContain('10.0.0.2/1');
  });
});
