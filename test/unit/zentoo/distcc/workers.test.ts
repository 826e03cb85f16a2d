import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { installCompilerWrappers } from '../../../../src/zentoo/compile/install-compiler-wrappers.ts';
import { describeWorkers, listWorkers } from '../../../../src/zentoo/distcc/list-workers.ts';
import { startWorkers } from '../../../../src/zentoo/distcc/start-workers.ts';
import { removeWorkers } from '../../../../src/zentoo/distcc/remove-workers.ts';
import { startWorker } from '../../../../src/zentoo/distcc/start-worker.ts';
import { countJobs } from '../../../../src/zentoo/distcc/worker-log.ts';
import { tupleNamed } from '../../../../src/zentoo/run/site-run.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { fakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';
import { DistccWorld, gcc, network } from '../distcc-world.ts';

const summary = (outcome: string, file: string) =>
  `distccd[9] (dcc_job_summary) client: 172.19.0.4:37302 ${outcome} exit:0 sig:0 core:0 ret:0 time:3ms /usr/bin/gcc ${file}\n`;

describe('a worker', () => {
  it('mounts nothing, is in the network of workers alone, and allows that alone', async () => {
    using world = new DistccWorld();
    const id = await world.worker('zentoo-net-distcc-00000000-1', 3);
    const { spec } = world.engine.container(id);
    // Case 2.10: a stage may name another user.
    expect(spec).toMatchObject({ image: world.image, mounts: [], network, init: true, user: '0' });
    expect(spec.labels).toEqual({
      'zentoo.distcc': 'net',
      'zentoo.distcc.buildmaster': world.buildmaster,
      'zentoo.distcc.slots': '3',
    });
    expect(spec.command.slice(-4)).toEqual(['/var/log/distccd.log', '3', '--allow', '10.0.0.0/24']);
  });

  it('has the limits of the site', async () => {
    using world = new DistccWorld();
    const limits = { memory: 2 ** 30, cpus: 1.5, bigPackages: [] };
    const run = { ...world.site, site: { ...world.site.site, limits } };
    world.addWorkerImage();
    await world.engine.createNetwork(network, { 'zentoo.distcc': 'net' });
    const request = {
      name: 'zentoo-net-distcc-00000000-1',
      buildmaster: world.buildmaster,
      image: world.image,
      slots: 1,
      allowed: ['a', 'b'],
    };
    await startWorker(run, request);
    const { spec } = world.engine.container('zentoo-net-distcc-00000000-1');
    expect(spec).toMatchObject({ memory: 2 ** 30, cpus: 1.5 });
    expect(spec.command.slice(-4)).toEqual(['--allow', 'a', '--allow', 'b']);
  });

  it('that does not serve is removed again, and the failure has the end of its log', async () => {
    using world = new DistccWorld();
    world.serves = false;
    const log = Array.from({ length: 30 }, (_, line) => `line ${line}`).join('\n');
    const { onExec } = world.engine;
    world.engine.onExec = (container, request, streams) => {
      for (const [path, file] of fakeFiles({ '/var/log/distccd.log': log })) container.files.set(path, file);
      return onExec(container, request, streams);
    };
    await expect(world.worker('zentoo-net-distcc-00000000-1')).rejects.toMatchObject({
      code: 'container-lost',
      message:
        'failed to start the distcc worker zentoo-net-distcc-00000000-1: its distccd does not accept connections',
      hint: `check that distccd works: docker run --rm ${world.image} distccd --version`,
      logTail: log.split('\n').slice(10),
    });
    expect([...world.engine.containers.values()].map(({ name }) => name)).not.toContain('zentoo-net-distcc-00000000-1');
  });

  it.each([
    ['ended by itself', new EngineRefusal(409, 'Container w-1 is not running'), { code: 'container-lost' }],
    ['cannot be asked', new EngineRefusal(500, 'broken'), { kind: 'other', message: 'broken' }],
  ])('that %s is removed again', async (_what, error, failure) => {
    using world = new DistccWorld();
    world.engine.fault({ method: 'execAttached', error });
    await expect(world.worker('zentoo-net-distcc-00000000-1')).rejects.toMatchObject(failure);
    expect(world.engine.containers.size).toBe(0);
  });

  it('has compiled the number of files that its log has', () => {
    const log = `${summary('COMPILE_OK', 'f1.c')}${summary('COMPILE_ERROR', 'f2.c')}${summary('COMPILE_OK', 'f3.c')}COMPILE_OK\n`;
    expect(countJobs(log)).toBe(2);
    expect(countJobs('')).toBe(0);
  });
});

describe('the workers of a site', () => {
  it('are listed by number, with their jobs, running or not', async () => {
    using world = new DistccWorld();
    for (const number of [10, 2, 1]) await world.worker(`zentoo-net-distcc-00000000-${number}`);
    await world.worker('zentoo-net-distcc-00000000-3', 1, 'zentoo/net/buildmaster:former');
    const written = fakeFiles({ '/var/log/distccd.log': summary('COMPILE_OK', 'f.c') });
    for (const [path, file] of written) world.engine.container('zentoo-net-distcc-00000000-2').files.set(path, file);
    world.engine.stopContainer(world.engine.container('zentoo-net-distcc-00000000-2'), 137);
    world.compilers.set('zentoo-net-distcc-00000000-10', 'another');
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
      ['zentoo-net-distcc-00000000-1', 'running', 0, true, true],
      ['zentoo-net-distcc-00000000-2', 'exited', 1, undefined, true],
      ['zentoo-net-distcc-00000000-3', 'running', 0, true, false],
      ['zentoo-net-distcc-00000000-10', 'running', 0, false, true],
    ]);
  });

  it('are as many as requested: running ones stay, others are started again, and those that no tuple uses are removed', async () => {
    using world = new DistccWorld();
    const { site, tuple, engine } = world;
    world.addWorkerImage();
    await startWorkers(site, [tuple], 3);
    const [first, second, third] = await listWorkers(site);
    expect([first, second, third].map((one) => one?.name)).toEqual(
      [1, 2, 3].map((number) => `${network}-${world.buildmaster.slice(-8)}-${number}`),
    );
    await world.worker('zentoo-net-distcc-00000000-9', 1, 'zentoo/net/buildmaster:former');
    engine.stopContainer(engine.container(second?.id ?? ''), 137);
    await startWorkers(site, [tuple, tuple], 3);
    const again = await listWorkers(site);
    expect(again.map(({ name }) => name)).toEqual([first, second, third].map((one) => one?.name));
    expect(again.map(({ id }) => id)).toEqual([first?.id, expect.not.stringMatching(second?.id ?? ''), third?.id]);
    expect(engine.imageNames.has('zentoo/net/distcc:former')).toBe(false);
    // With another number of workers each of them runs another number of compilers.
    await startWorkers(site, [tuple], 1);
    expect((await listWorkers(site)).map(({ slots }) => slots)).toEqual([4]);
    await startWorkers(site, [tuple]);
    expect((await listWorkers(site)).map(({ slots }) => slots)).toEqual([1, 1, 1, 1]);
  });

  it('are described by their labels and their address; one without labels by its name and state', async () => {
    using world = new DistccWorld();
    expect(await listWorkers(world.site)).toEqual([]);
    const id = await world.worker('zentoo-net-distcc-00000000-1', 3);
    const bare = await world.engine.createContainer('zentoo-net-distcc-00000000-2', {
      ...{ image: 'gentoo-ministage', command: ['x'], mounts: [], labels: { 'zentoo.distcc': 'net' } },
    });
    await world.engine.createContainer('zentoo-net-distcc-00000000-3', {
      ...{ image: 'gentoo-ministage', command: ['x'], mounts: [], labels: { 'zentoo.distcc': 'another' } },
    });
    expect(await listWorkers(world.site)).toEqual([
      {
        ...{
          id,
          name: 'zentoo-net-distcc-00000000-1',
          buildmaster: world.buildmaster,
          state: 'running',
          image: world.image,
          slots: 3,
        },
        ...{ compiler: 'x86_64-pc-linux-gnu-gcc 12.2.0', chost: 'x86_64-pc-linux-gnu', address: '10.0.0.2' },
        digest: createHash('sha256').update(gcc).digest('hex'),
      },
      {
        ...{ id: bare, name: 'zentoo-net-distcc-00000000-2', buildmaster: '', state: 'created', image: '', slots: 1 },
        ...{ compiler: '', digest: '', chost: '', address: undefined },
      },
    ]);
  });

  it('are started in a buildmaster and from an image that are made if they are missing, and each step is reported', async () => {
    const tuple = tupleOfSet('tools');
    using world = new SiteBuildWorld([tuple]);
    world.sitePortage.answers.set('compiler', { stdout: gcc });
    world.sitePortage.answers.set('tool', { exitCode: 1 });
    const run = world.siteRun();
    await startWorkers(run, [tuple], 2);
    expect((await listWorkers(run)).map(({ name, slots }) => [name.replace(/-[0-9a-f]{8}-/, '-'), slots])).toEqual([
      [`${network}-1`, 2],
      [`${network}-2`, 2],
    ]);
    const { name } = tupleNamed(run, tuple.name).buildmaster;
    expect(world.events.filter(({ type }) => type === 'step-started')).toEqual([
      { type: 'step-started', step: 'buildmaster', task: tuple.name, detail: 'from gentoo-ministage' },
      { type: 'step-started', step: 'worker', task: name, detail: `2 for ${name}` },
    ]);
  });

  it('are not started in place of a container of another program that has their name', async () => {
    using world = new DistccWorld();
    world.addWorkerImage();
    const name = `${network}-${world.buildmaster.slice(-8)}-1`;
    await world.engine.createContainer(name, { image: 'gentoo-ministage', command: ['x'], mounts: [] });
    await expect(startWorkers(world.site, [world.tuple], 1)).rejects.toMatchObject({
      code: 'site-taken',
      message: `failed to start the distcc worker ${name}: another container has this name`,
      hint: `if nobody needs the container, remove it: docker rm -f ${name}`,
    });
    expect([...world.engine.containers.values()].map((one) => one.name)).toEqual([name]);
  });

  it.each(['', 'many', '-1', '1e9', '99999'])('run one compiler if their label says %j', async (slots) => {
    using world = new DistccWorld();
    const labels = { 'zentoo.distcc': 'net', 'zentoo.distcc.slots': slots };
    const name = 'zentoo-net-distcc-00000000-2';
    await world.engine.createContainer(name, { image: 'gentoo-ministage', command: ['x'], mounts: [], labels });
    expect((await listWorkers(world.site)).map((worker) => worker.slots)).toEqual([1]);
  });

  it('are no more than those that were started when the run is ended', async () => {
    using world = new DistccWorld();
    world.addWorkerImage();
    world.onCall = (method) => {
      if (method === 'startContainer') world.aborter.abort(new Error('ended'));
    };
    const run = { ...world.site, ...world.context };
    await expect(startWorkers(run, [world.tuple], 3)).rejects.toThrow('ended');
    expect(await listWorkers(world.site)).toHaveLength(1);
  });

  it('go with their image and their network, and nothing else does', async () => {
    using world = new DistccWorld();
    await world.worker('zentoo-net-distcc-00000000-1');
    await world.builder();
    expect(await removeWorkers(world.site)).toEqual({
      workers: ['zentoo-net-distcc-00000000-1'],
      images: [world.image],
      network,
    });
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
    await world.worker('zentoo-net-distcc-00000000-1');
    await world.engine.connectNetwork(network, (await world.builder()).id);
    await expect(removeWorkers(world.site)).rejects.toMatchObject({
      code: 'engine-refused',
      message: expect.stringContaining(`failed to remove the network ${network}: `) as string,
      hint: expect.stringMatching(/^the workers are removed, but a build that used them is still running: /) as string,
    });
    expect(await listWorkers(world.site)).toEqual([]);
  });
});

describe('case 1.6: zentoo distcc down', () => {
  it.each([
    ['has another name', { name: 'db', mounts: [] }, 'its name is not that of a worker'],
    ['has no number', { name: 'zentoo-net-distcc-00000000', mounts: [] }, 'its name is not that of a worker'],
    [
      'mounts a volume',
      {
        name: 'zentoo-net-distcc-00000000-7',
        mounts: [{ type: 'volume', source: 'precious', target: '/data' }] as const,
      },
      'it mounts precious, and workers mount nothing',
    ],
    [
      'mounts a directory',
      { name: 'zentoo-net-distcc-00000000-7', mounts: [{ type: 'bind', source: '/srv', target: '/srv' }] as const },
      'it mounts /srv, and workers mount nothing',
    ],
  ])('leaves a container with the label of a worker that %s', async (_, { name, mounts }, why) => {
    using world = new DistccWorld();
    await world.worker('zentoo-net-distcc-00000000-1');
    const labels = { 'zentoo.distcc': 'net' };
    await world.engine.createContainer(name, { image: 'gentoo-ministage', command: ['x'], mounts, labels });
    expect((await removeWorkers(world.site)).workers).toEqual(['zentoo-net-distcc-00000000-1']);
    expect([...world.engine.containers.values()].map((one) => one.name)).toEqual([name]);
    expect(world.warnings()).toEqual([
      `left the container ${name} as it is: it has the label zentoo.distcc, but ${why}`,
    ]);
  });

  it('leaves an image that was built from the image of workers', async () => {
    using world = new DistccWorld();
    world.addWorkerImage();
    const { labels = {} } = (await world.engine.inspectImage(world.image)) ?? {};
    world.engine.addImage('zentoo/net/distcc:mine', { labels });
    expect((await removeWorkers(world.site)).images).toEqual([world.image]);
    expect(world.engine.imageNames.has('zentoo/net/distcc:mine')).toBe(true);
  });

  it('leaves a network with the label that is not isolated', async () => {
    using world = new DistccWorld();
    const labels = { 'zentoo.distcc': 'net' };
    world.engine.networks.set(network, {
      name: network,
      labels,
      isIsolated: false,
      subnet: 'x',
      containers: new Set(),
    });
    expect((await removeWorkers(world.site)).network).toBeUndefined();
    expect(world.engine.networks.has(network)).toBe(true);
  });

  it('does not remove the image that a label of a worker names', async () => {
    using world = new DistccWorld();
    world.addWorkerImage();
    const labels = { 'zentoo.distcc': 'net', 'zentoo.distcc.image': world.buildmaster };
    const worker = { image: world.image, command: ['x'], mounts: [], labels };
    await world.engine.createContainer('zentoo-net-distcc-00000000-2', worker);
    await startWorkers(world.site, [world.tuple], 1);
    expect(world.engine.imageNames.has(world.buildmaster)).toBe(true);
  });
});

describe("case 1.9: a network with the name of the workers' network", () => {
  it.each([
    ['is not internal', { 'zentoo.distcc': 'net' }, false, 'it is not an internal bridge'],
    ['zentoo did not make', {}, true, 'zentoo did not make it for the site net'],
    ['belongs to another site', { 'zentoo.distcc': 'other' }, true, 'zentoo did not make it for the site net'],
  ])('is refused if it %s', async (_, labels, isIsolated, why) => {
    using world = new DistccWorld();
    world.addWorkerImage();
    world.engine.networks.set(network, { name: network, labels, isIsolated, subnet: 'x', containers: new Set() });
    await expect(startWorkers(world.site, [world.tuple], 1)).rejects.toMatchObject({
      code: 'site-taken',
      message: expect.stringContaining(`failed to use the network ${network} for distcc workers: ${why}`) as string,
      hint: expect.stringContaining(`docker network rm ${network}`) as string,
    });
    expect(world.engine.containers.size).toBe(0);
  });

  it('is not joined by a build', async () => {
    using world = new DistccWorld();
    await world.worker('zentoo-net-distcc-00000000-1');
    const found = world.engine.networks.get(network);
    if (found !== undefined) world.engine.networks.set(network, { ...found, isIsolated: false });
    const builder = await world.builder();
    await expect(installCompilerWrappers(world.site, builder, world.work, { jobs: 1 })).rejects.toMatchObject({
      code: 'site-taken',
    });
    expect(world.engine.networks.get(network)?.containers.size).toBe(1);
  });
});

it('images of workers are removed without workers, and those of other sites stay', async () => {
  using world = new DistccWorld();
  world.addWorkerImage();
  world.addWorkerImage('zentoo/other/distcc:x');
  expect(await removeWorkers(world.site)).toEqual({ workers: [], images: [world.image], network: undefined });
  expect(world.engine.imageNames.has('zentoo/other/distcc:x')).toBe(true);
  world.addWorkerImage();
  const error = new EngineRefusal(500, 'broken');
  world.engine.fault({ method: 'removeImage', error });
  await expect(removeWorkers(world.site)).rejects.toBe(error);
});
