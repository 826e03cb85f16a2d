import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/failure.ts';
import { formatOwner } from '../../../../src/ownership/owner.ts';
import type { Event } from '../../../../src/report/event.ts';
import type { SwarmSettings } from '../../../../src/site/site.ts';
import type { SiteRun } from '../../../../src/zentoo/run/site-run.ts';
import { clearSwarm } from '../../../../src/zentoo/swarm/inspect-swarm.ts';
import { openSwarm } from '../../../../src/zentoo/swarm/open-swarm.ts';
import { openProxies, type SwarmRun } from '../../../../src/zentoo/swarm/open-proxies.ts';
import { nodeEngines } from '../../../../src/zentoo/swarm/swarm-engines.ts';
import { FakeEngine } from '../../../support/fake-engine/fake-engine.ts';
import { siteOf } from '../../plan/sites.ts';
import { FakeSwarm, node, task } from './fake-swarm.ts';

const plain = { registry: undefined, encrypted: false };
let engine: FakeEngine;
let swarm: FakeSwarm;
let run: SwarmRun;
let events: Event[];

beforeEach(async () => {
  [engine, swarm, events] = [new FakeEngine(), new FakeSwarm(), []];
  engine.addImage('gentoo-builder', { digests: ['registry.example.org/zentoo/gentoo-builder@sha256:abc'] });
  const id = await engine.createContainer('client', { image: 'gentoo-builder', command: [], mounts: [] });
  swarm.onNetwork = (name) => engine.createNetwork(name, {});
  run = {
    ...{ engine, volumePrefix: 'zentoo-abc', signal: new AbortController().signal, site: siteOf() },
    self: await engine.inspectContainer(id),
    report: (event) => void events.push(event),
  };
});
afterEach(() => engine[Symbol.dispose]());

const failure = async (settings: SwarmSettings = plain): Promise<Failure> => {
  const error: unknown = await openProxies(run, swarm, settings).catch((thrown: unknown) => thrown);
  if (!(error instanceof Failure)) throw new Error('there is no failure', { cause: error });
  return error;
};
const explained = async () => {
  const { code, message, hint } = await failure();
  return [code, message, hint];
};

describe('the builders of a swarm', () => {
  it.each([
    [{ state: 'inactive' }, 'swarm-absent', 'the engine is in no swarm', 'docker swarm init'],
    [{ state: 'locked' }, 'swarm-locked', 'the swarm is locked', 'docker swarm unlock'],
    [{ state: 'error', error: 'no disk' }, 'manager-absent', 'not a working node of its swarm: no disk', 'docker info'],
    [{ state: 'pending' }, 'manager-absent', 'not a working node of its swarm: pending', 'docker info'],
    [{ isManager: false }, 'manager-absent', 'the engine is a worker', 'docker node promote'],
  ] as const)('are not found if the engine is %o', async (mode, code, message, hint) => {
    swarm.state = { ...swarm.state, ...mode };
    const expected = [code, expect.stringContaining(message) as string, expect.stringContaining(hint) as string];
    expect(await explained()).toEqual(expected);
  });

  it('are not found if the managers have no leader', async () => {
    swarm.refusing = /nodes/;
    expect(await explained()).toEqual([
      'manager-absent',
      'failed to use the swarm: no nodes here',
      expect.stringContaining('start the other managers'),
    ]);
  });

  it('are not found if no node has the label', async () => {
    swarm.members = [node('own', {}), node('two', { 'zentoo.builder': 'yes' })];
    expect(await explained()).toEqual([
      'builder-absent',
      'failed to use the swarm: no node has the label zentoo.builder=true; there are host-own, host-two',
      'docker node update --label-add zentoo.builder=true NODE',
    ]);
  });

  it('are not found if none takes work', async () => {
    swarm.members = [
      node('own', {}),
      { ...node('two'), availability: 'drain' },
      { ...node('three'), availability: 'pause' },
      { ...node('four'), isReady: false },
    ];
    expect(await explained()).toEqual([
      'builders-away',
      'failed to use the swarm: no node with the label zentoo.builder=true takes work: host-four is not ready, host-three is in pause, host-two is in drain',
      expect.stringContaining('docker node update --availability active NODE'),
    ]);
  });

  it('are reached from a container only', async () => {
    run = { ...run, self: undefined };
    expect(await explained()).toEqual([
      'swarm-absent',
      expect.stringContaining('zentoo runs in no container of the engine'),
      expect.stringContaining('start ./zentoo'),
    ]);
    expect(swarm.objects).toEqual([]);
  });
});

describe('node proxies', () => {
  it('are a service of the image by its id, with three secrets, in a network that the client joins', async () => {
    const proxies = await openProxies(run, swarm, plain);
    const [service] = swarm.created;
    if (service === undefined) return expect.fail('there is no service');
    const { name, image, constraints, binds, secrets, args } = service;
    expect(name).toMatch(/^zentoo-abc-proxy-[0-9a-f]{8}$/);
    expect([image, constraints, binds, args, secrets.map(({ file }) => file)]).toEqual([
      run.self?.image,
      ['node.labels.zentoo.builder == true', 'node.id != own', 'node.platform.arch == x86_64'],
      ['/var/run/docker.sock'],
      ['node-proxy'],
      ['ca', 'cert', 'key'],
    ]);
    expect((await engine.inspectNetwork(name))?.endpoints).toBeDefined();
    expect(engine.calls.filter(({ method }) => method === 'connectNetwork')).toHaveLength(1);
    expect(nodeEngines(proxies, run.signal).map((one) => [one.name, one.options, one.isOpen(), one.jobs()])).toEqual([
      ['host-three', ['--host', 'ssh://host-three'], true, undefined],
      ['host-two', ['--host', 'ssh://host-two'], true, undefined],
    ]);
    expect(proxies.directory.addressOf('two')).toBe('10.0.0.3');
    await proxies[Symbol.asyncDispose]();
    expect(swarm.objects).toEqual([]);
    expect(swarm.disconnected).toHaveLength(1);
  });

  it('have names that a swarm takes, also for a site whose volumes have long names', async () => {
    run = { ...run, volumePrefix: `zentoo-${'x'.repeat(80)}` };
    await using proxies = await openProxies(run, swarm, plain);
    expect(proxies.nodes).toHaveLength(2);
    for (const { name, labels } of swarm.objects)
      expect([name.length <= 63, labels['zentoo.swarm']], name).toEqual([true, run.volumePrefix]);
  });

  it('are named by the digest that a registry has of the image', async () => {
    await using proxies = await openProxies(run, swarm, { ...plain, registry: 'registry.example.org/zentoo' });
    expect([proxies.nodes.length, swarm.created[0]?.image]).toEqual([
      2,
      'registry.example.org/zentoo/gentoo-builder@sha256:abc',
    ]);
    expect(await failure({ ...plain, registry: 'other.example.org' })).toMatchObject({
      code: 'swarm-refused',
      hint: 'docker tag gentoo-builder other.example.org/gentoo-builder && docker push other.example.org/gentoo-builder',
    });
  });

  it('are on the nodes of the same architecture only, which is said', async () => {
    swarm.members = [node('own', {}), node('two'), { ...node('three'), architecture: 'aarch64' }];
    await using proxies = await openProxies(run, swarm, plain);
    expect(proxies.nodes.map(({ id }) => id)).toEqual(['two']);
    expect(events).toMatchObject([
      {
        type: 'warning',
        message: expect.stringContaining('host-three does not take part: its architecture is aarch64') as string,
      },
    ]);
  });

  it('are none where no other node has the label', async () => {
    swarm.members = [node('own'), node('two', {})];
    await using proxies = await openProxies(run, swarm, plain);
    expect([proxies.nodes, swarm.objects]).toEqual([[], []]);
  });

  it.each([
    ['network', []],
    ['secret', ['create network', 'create network']],
    ['service', ['create network', 'create network', 'create secret', 'create secret', 'create secret']],
  ])('that lack a %s are removed again', async (kind, before) => {
    swarm.refusing = new RegExp(`create ${kind}`);
    expect(await failure()).toMatchObject({
      code: 'swarm-refused',
      message: `failed to start node proxies on the swarm: no create ${kind} here`,
    });
    expect(swarm.requests.filter((request) => request.startsWith('create')).slice(0, -1)).toEqual(before);
    expect(swarm.objects).toEqual([]);
  });

  it('are removed again if the container of zentoo cannot join their network, which it then cannot leave', async () => {
    swarm.refusing = /create secret|disconnect/;
    expect((await failure()).code).toBe('swarm-refused');
    expect([swarm.objects, events]).toEqual([[], []]);
  });

  it('that cannot be removed are named, and all others are removed', async () => {
    const proxies = await openProxies(run, swarm, plain);
    const name = swarm.created[0]?.name ?? '';
    swarm.refusing = /remove service/;
    await proxies[Symbol.asyncDispose]();
    expect(swarm.objects.map(({ kind }) => kind)).toEqual(['service']);
    expect(events).toMatchObject([
      {
        type: 'warning',
        message: `failed to remove the node proxies ${name}: the service ${name}: no remove service here`,
      },
    ]);
  });

  it('have no host name in a command that is none', async () => {
    const hostnames = ['-oProxyCommand=x', '\u001B[2J', '', 'a;b', 'two'];
    swarm.members = [node('own', {}), ...hostnames.map((hostname, id) => ({ ...node(`node-${id}`), hostname }))];
    swarm.started = hostnames.map((_, id) => task(`node-${id}`));
    const proxies = await openProxies(run, swarm, plain);
    expect(nodeEngines(proxies, run.signal).map((one) => [one.name, one.options[1]])).toEqual([
      // In the order of the host names.
      ...[2, 1, 0, 3].map((id) => [`NODE-node-${id}`, 'ssh://NODE']),
      ['two', 'ssh://two'],
    ]);
    await proxies[Symbol.asyncDispose]();
    swarm.started = hostnames.map((_, id) => task(`node-${id}`, { state: 'rejected', error: 'No such image: x' }));
    expect((await failure()).hint).toMatch(/^(?:docker save gentoo-builder \| ssh (?:NODE|two) docker load\n)+or push/);
  });

  it('name all nodes that lack the image', async () => {
    const error = 'No such image: sha256:abc';
    swarm.started = [
      task('two', { state: 'rejected', error, created: new Date(2) }),
      task('two', { state: 'shutdown', error: 'old', created: new Date(1) }),
      task('three', { state: 'rejected', error }),
    ];
    const { code, message, hint } = await failure();
    expect([code, message]).toEqual([
      'builder-absent',
      `failed to start a node proxy on host-three, host-two: the image gentoo-builder (${run.self?.image.slice(0, 19)}) is not there`,
    ]);
    expect(hint).toBe(
      [
        'docker save gentoo-builder | ssh host-three docker load',
        'docker save gentoo-builder | ssh host-two docker load',
        'or push the image, and name the registry in site.yaml: swarm: { registry: HOST/PATH }',
      ].join('\n'),
    );
    expect(swarm.objects).toEqual([]);
  });

  it('name a node that refuses the service for another reason', async () => {
    swarm.started = [task('two'), task('three', { state: 'rejected', error: 'bind source path does not exist' })];
    expect(await explained()).toEqual([
      'swarm-refused',
      'failed to start a node proxy on host-three: bind source path does not exist',
      expect.stringContaining('docker node update --label-rm zentoo.builder NODE'),
    ]);
  });
});

describe('what runs left on a swarm', () => {
  const labels = (id: string, more = {}) => ({
    'zentoo.swarm': 'zentoo-abc',
    'zentoo.owner': formatOwner({
      ...{ kind: 'container-elsewhere', engine: 'own', startedAt: '' },
      id: run.self?.id ?? (id as never),
      ...more,
    }),
  });

  it('is removed by the next run, if the run is gone; a label alone proves nothing', async () => {
    const gone = labels('', { startedAt: 'earlier' });
    const start = 'zentoo-abc-proxy-';
    swarm.objects.push(
      { kind: 'service', id: 'a', name: `${start}00000000`, labels: gone },
      { kind: 'secret', id: 'b', name: `${start}00000000-key`, labels: gone },
      { kind: 'network', id: 'c', name: `${start}00000000`, labels: gone },
      {
        kind: 'secret',
        id: 'living',
        name: `${start}11111111-ca`,
        labels: labels('', { startedAt: run.self?.startedAt }),
      },
      {
        kind: 'secret',
        id: 'far',
        name: `${start}22222222-ca`,
        labels: labels('', { engine: 'other', startedAt: 'x' }),
      },
      { kind: 'secret', id: 'named', name: 'precious', labels: gone },
      { kind: 'secret', id: 'odd', name: `${start}00000000-data`, labels: gone },
      { kind: 'network', id: 'bridge', name: `${start}33333333`, labels: gone, driver: 'bridge' },
      { kind: 'secret', id: 'other', name: `${start}00000000-ca`, labels: { ...gone, 'zentoo.swarm': 'zentoo-xyz' } },
    );
    const proxies = await openSwarm(run, { settings: plain, connect: () => Promise.resolve(swarm) });
    await proxies[Symbol.asyncDispose]();
    expect(swarm.objects.map(({ id }) => id)).toEqual(['living', 'far', 'named', 'odd', 'bridge', 'other']);
    expect(events.map((event) => ('message' in event ? event.message : ''))).toEqual([
      'the store of the site net is on the node host-own, which has the label zentoo.store now',
      'left the secret precious as it is: it has the label zentoo.swarm, but its name is not that of a node proxy',
      'left the secret zentoo-abc-proxy-00000000-data as it is: it has the label zentoo.swarm, but its name is not that of a node proxy',
      'left the network zentoo-abc-proxy-33333333 as it is: it has the label zentoo.swarm, but it is not an overlay network',
      'removed the service zentoo-abc-proxy-00000000, left over from a build that is gone',
      'removed the secret zentoo-abc-proxy-00000000-key, left over from a build that is gone',
      'removed the network zentoo-abc-proxy-00000000, left over from a build that is gone',
    ]);
  });

  it('does not keep the next run from its work if it cannot be removed', async () => {
    const name = 'zentoo-abc-proxy-00000000';
    const gone = labels('', { startedAt: 'earlier' });
    swarm.objects.push(
      { kind: 'service', id: 'a', name, labels: gone },
      { kind: 'network', id: 'c', name, labels: gone },
    );
    swarm.refusing = /remove service/;
    await openSwarm(run, { settings: plain, connect: () => Promise.resolve(swarm) });
    expect(events).toMatchObject([
      {
        type: 'note',
        message: 'the store of the site net is on the node host-own, which has the label zentoo.store now',
      },
      { type: 'note', message: `removed the network ${name}, left over from a build that is gone` },
      {
        type: 'warning',
        message: `failed to remove from the swarm what a build that is gone left there: the service ${name}: no remove service here`,
      },
    ]);
  });

  it('fails zentoo swarm down if it cannot be removed', async () => {
    const name = 'zentoo-abc-proxy-00000000';
    swarm.members = [node('own')];
    swarm.objects.push({ kind: 'service', id: 'a', name, labels: labels('', { startedAt: 'earlier' }) });
    swarm.refusing = /remove service/;
    const site = { ...run, images: new Map() } as Partial<SiteRun> as SiteRun;
    await expect(clearSwarm(site, { settings: plain, connect: () => Promise.resolve(swarm) })).rejects.toMatchObject({
      code: 'swarm-refused',
      message: expect.stringContaining(`the service ${name}`) as string,
    });
  });
});
