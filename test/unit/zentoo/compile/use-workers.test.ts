import { describe, expect, it } from 'vitest';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import type { Partition } from '../../../../src/store/partition.ts';
import { installCompilerWrappers } from '../../../../src/zentoo/compile/install-compiler-wrappers.ts';
import { compilingBase } from '../../../../src/zentoo/compile/use-workers.ts';
import { startWorkers } from '../../../../src/zentoo/distcc/start-workers.ts';
import { branch, commits, packageSet } from '../../plan/sites.ts';
import { DistccWorld, gcc, network } from '../distcc-world.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

describe('a container that compiles', () => {
  it('does so by itself where there are no workers', async () => {
    using world = new DistccWorld();
    const { work, site } = world;
    expect(await installCompilerWrappers(site, await world.builder(), work, { jobs: 2 })).toEqual({
      features: [],
      environment: {},
    });
    expect(world.warnings()).toEqual([]);
  });

  it('joins the workers of its buildmaster that run', async () => {
    using world = new DistccWorld();
    const { work, site } = world;
    await world.worker('zentoo-net-distcc-00000000-1', 2);
    await world.worker('zentoo-net-distcc-00000000-2');
    world.engine.stopContainer(world.engine.container('zentoo-net-distcc-00000000-2'), 137);
    const builder = await world.builder();
    const wrappers = await installCompilerWrappers(site, builder, work, { jobs: 2 });
    expect(wrappers).toMatchObject({ features: ['distcc'], makeJobs: 4 });
    expect(wrappers.environment['DISTCC_HOSTS']).toMatch(/^10\.0\.0\.2\/2 localhost\/2 /);
    const { endpoints = [] } = (await world.engine.inspectNetwork(network)) ?? {};
    expect(endpoints.map(({ container }) => container)).toContain(builder.id);
  });

  it('leaves out one with another compiler, says so once, and asks no worker twice', async () => {
    using world = new DistccWorld();
    const { work, site } = world;
    await world.worker('zentoo-net-distcc-00000000-1');
    await world.worker('zentoo-net-distcc-00000000-2');
    world.compilers.set('zentoo-net-distcc-00000000-1', 'gcc 13\n');
    for (const name of ['one', 'two']) {
      const wrappers = await installCompilerWrappers({ ...site }, await world.builder(name), work, { jobs: 1 });
      expect(wrappers.environment['DISTCC_HOSTS']).toMatch(/^10\.0\.0\.3\/1 localhost/);
    }
    expect(world.warnings()).toEqual([
      `the distcc worker zentoo-net-distcc-00000000-1 is not used: its compiler (gcc 13) differs from the compiler of ${world.buildmaster} (x86_64-pc-linux-gnu-gcc 12.2.0)`,
    ]);
    const asked = world.engine.calls.filter(({ args }) => JSON.stringify(args).includes('zentoo-compiler'));
    expect(asked).toHaveLength(3);
  });

  it('is asked for its own compiler each time where a hook may have changed it', async () => {
    using world = new DistccWorld();
    await world.worker('zentoo-net-distcc-00000000-1');
    const work = world.workOf({
      ...world.tuple,
      buildhooks: branch('plain', commits[1], { compile: '#!/bin/sh\n' }),
    });
    const [one, two] = [await world.builder('one'), await world.builder('two')];
    world.compilers.set('two', 'gcc 13\n');
    expect((await installCompilerWrappers(world.site, one, work, { jobs: 1 })).features).toEqual(['distcc']);
    expect((await installCompilerWrappers(world.site, two, work, { jobs: 1 })).features).toEqual([]);
  });

  it('compiles by itself where all workers are of other buildmasters, and says so', async () => {
    using world = new DistccWorld();
    await world.worker('zentoo-net-distcc-00000000-1', 1, 'zentoo/net/buildmaster:former');
    expect(await installCompilerWrappers(world.site, await world.builder(), world.work, { jobs: 2 })).toMatchObject({
      features: [],
    });
    expect(world.warnings()).toEqual([`no distcc worker is used: no running worker belongs to ${world.buildmaster}`]);
  });

  it('has ccache besides, where the site wants it', async () => {
    using world = new DistccWorld();
    await world.worker('zentoo-net-distcc-00000000-1');
    const { work, site } = world;
    const run = { ...site, site: { ...site.site, ccache: true } };
    const { features, environment } = await installCompilerWrappers(run, await world.builder(), work, { jobs: 1 });
    expect(features).toEqual(['distcc', 'ccache']);
    expect(environment).toMatchObject({ CCACHE_DIR: '/var/cache/ccache', CCACHE_COMPILERCHECK: 'content' });
    expect(environment['DISTCC_HOSTS']).toContain('10.0.0.2/1');
  });

  it('says how workers of its buildmaster are started, and says it once', async () => {
    using world = new DistccWorld();
    const { work, site } = world;
    await world.worker('zentoo-net-distcc-00000000-1', 1, 'zentoo/net/buildmaster:former');
    for (const name of ['one', 'two'])
      await installCompilerWrappers({ ...site }, await world.builder(name), work, { jobs: 2 });
    expect(world.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message: `no distcc worker is used: no running worker belongs to ${world.buildmaster}`,
        hint: `zentoo distcc up ${world.tuple.name}`,
      },
    ]);
  });

  it('says what differs if a worker has another compiler of the same version, or none', async () => {
    using world = new DistccWorld();
    const { work, site } = world;
    for (const name of ['zentoo-net-distcc-00000000-1', 'zentoo-net-distcc-00000000-2']) await world.worker(name);
    world.compilers.set('zentoo-net-distcc-00000000-1', gcc.replace('0123', '4567'));
    world.compilers.set('zentoo-net-distcc-00000000-2', '\n');
    const hint = 'run zentoo distcc down, then zentoo distcc up: a worker needs the same compiler as its buildmaster';
    const wrappers = await installCompilerWrappers(site, await world.builder(), work, { jobs: 2 });
    expect(wrappers).toEqual({ features: [], environment: {} });
    expect(world.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message: `the distcc worker zentoo-net-distcc-00000000-1 is not used: its compiler (x86_64-pc-linux-gnu-gcc 12.2.0) differs from the compiler of ${world.buildmaster} (x86_64-pc-linux-gnu-gcc 12.2.0), although it has the same version`,
        hint,
      },
      {
        type: 'warning',
        message: `the distcc worker zentoo-net-distcc-00000000-2 is not used: its compiler (none) differs from the compiler of ${world.buildmaster} (x86_64-pc-linux-gnu-gcc 12.2.0)`,
        hint,
      },
    ]);
    expect(world.calls('connectNetwork')).toEqual([]);
  });

  it('leaves out a worker that ends while it is asked, without a word', async () => {
    using world = new DistccWorld();
    const { work, site } = world;
    for (const name of ['zentoo-net-distcc-00000000-1', 'zentoo-net-distcc-00000000-2']) await world.worker(name);
    const ended = world.engine.container('zentoo-net-distcc-00000000-1');
    world.onCall = () => world.engine.stopContainer(ended, 137);
    const run = { ...site, ...world.context };
    const builder = await world.builder();
    const wrappers = await installCompilerWrappers(run, builder, work, { jobs: 1 });
    expect(wrappers).toEqual(await installCompilerWrappers(site, builder, work, { jobs: 1 }));
    expect(wrappers.environment['DISTCC_HOSTS']).toMatch(/^10\.0\.0\.3\/1 localhost\/1 /);
    expect(world.warnings()).toEqual([]);
  });

  it('uses no worker, without a word, if its own compiler cannot be identified', async () => {
    using world = new DistccWorld();
    const { work, site } = world;
    await world.worker('zentoo-net-distcc-00000000-1');
    const builder = await world.builder();
    world.engine.fault({ method: 'execAttached', error: new EngineRefusal(500, 'broken'), nth: 1 });
    expect(await installCompilerWrappers(site, builder, work, { jobs: 1 })).toEqual({ features: [], environment: {} });
    expect(world.warnings()).toEqual([]);
  });

  it('asks for the compiler of its own CHOST, and a worker for the same, once for each CHOST', async () => {
    using world = new DistccWorld();
    await world.worker('zentoo-net-distcc-00000000-1');
    const builder = await world.builder();
    const chosts = ['aarch64-unknown-linux-gnu', 'x86_64-pc-linux-musl'];
    for (const chost of [...chosts, ...chosts]) {
      const work = world.workOf({ ...world.tuple, cpu: { ...world.tuple.cpu, chost } });
      await installCompilerWrappers(world.site, builder, work, { jobs: 1 });
    }
    const asked = world.engine.calls
      .map(({ args }) => JSON.stringify(args))
      .filter((call) => call.includes('zentoo-compiler'));
    expect(asked.map((call) => chosts.filter((chost) => call.includes(chost)))).toEqual(
      chosts.flatMap((chost) => [[chost], [chost]]),
    );
  });

  it('installs distcc if it lacks it, before it compiles', async () => {
    const tuple = tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') });
    using world = new SiteBuildWorld([tuple]);
    world.sitePortage.answers.set('compiler', { stdout: gcc });
    world.sitePortage.answers.set('tool', { exitCode: 1 });
    const run = world.siteRun();
    await startWorkers(run, [tuple], 1);
    world.sitePortage.ran.length = 0;
    expect((await world.build(run)).outcomes).toMatchObject([{ type: 'built' }]);
    const ran = world.sitePortage.ran.filter(({ name }) => /^(?:tool|emerge-)/.test(name));
    expect(ran.map(({ name, args }) => (name === 'tool' ? args.join(' ') : name))).toEqual([
      ...[`emerge-pretend-${tuple.name}`, 'distcc', 'emerge-distcc', 'emerge-compile', 'emerge-assemble'],
    ]);
    expect(ran[3]?.request.environment).toMatchObject({
      FEATURES: expect.stringMatching(/ distcc$/),
      DISTCC_HOSTS: expect.stringMatching(/^10\.0\.0\.\d\/4 localhost\/4 /),
    });
    // make keeps the workers busy: four here and four there, without a limit of the load here.
    expect(world.sitePortage.runs('make-conf').map((words) => words.join(' '))).toEqual([
      expect.stringContaining('MAKEOPTS="-j8"'),
    ]);
  });

  it('starts from the image of workers if there is one, as that has distcc installed', async () => {
    using world = new DistccWorld();
    const image = await world.engine.inspectImage(world.buildmaster);
    if (image === undefined) throw new Error('there is no buildmaster');
    const buildmaster = { name: world.buildmaster, image, partition: 'x' as Partition };
    expect(await compilingBase(world.site, buildmaster)).toEqual({ name: world.buildmaster, image });
    world.addWorkerImage();
    const ofWorkers = await world.engine.inspectImage(world.image);
    expect(await compilingBase(world.site, buildmaster)).toEqual({ name: world.buildmaster, image: ofWorkers });
  });
});
