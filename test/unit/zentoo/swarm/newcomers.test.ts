import { beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../../../src/report/event.ts';
import { makeCertificates } from '../../../../src/zentoo/swarm/certificate.ts';
import { Newcomers } from '../../../../src/zentoo/swarm/newcomers.ts';
import { ProxyDirectory } from '../../../../src/zentoo/swarm/proxy-directory.ts';
import { FakeSwarm, node, task } from './fake-swarm.ts';

let swarm: FakeSwarm;
let events: Event[];
let newcomers: Newcomers;
let look: () => Promise<readonly string[]>;

beforeEach(() => {
  [swarm, events] = [new FakeSwarm(), []];
  swarm.objects.push({ kind: 'service', id: 'proxy', name: 'proxy', labels: {} });
  const directory = new ProxyDirectory(swarm, 'proxy');
  const proxies = {
    ...{
      own: 'own',
      architecture: 'x86_64',
      image: 'sha256:abc',
      storeNetwork: undefined,
      nodes: [node('two')],
      directory,
    },
    ...{
      certificates: makeCertificates(new Date()),
      keepAwake: () => {},
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  };
  const report = (event: Event) => void events.push(event);
  newcomers = new Newcomers(proxies, { report, signal: new AbortController().signal });
  look = async () => {
    await directory.refresh();
    return (await newcomers.find()).map(({ name }) => name);
  };
  swarm.members = [node('own'), node('two')];
});

describe('the nodes that join a build', () => {
  it('are those that get the label or become ready, each once, when their node proxy runs', async () => {
    swarm.members = [node('own'), node('two'), node('three', {}), { ...node('four'), isReady: false }];
    swarm.started = [task('own'), task('two')];
    expect(await look()).toEqual([]);
    swarm.members = [node('own'), node('two'), node('three'), node('four')];
    expect(await look()).toEqual([]);
    swarm.started = [task('two'), task('three'), task('four', { state: 'starting' })];
    expect(await look()).toEqual(['host-three']);
    swarm.started = [task('two'), task('three'), task('four')];
    expect([await look(), await look()]).toEqual([['host-four'], []]);
    expect(events).toEqual([]);
  });

  it('have a name of their own', async () => {
    swarm.members = [node('two'), { ...node('three-of-a-kind'), hostname: 'host-two' }];
    swarm.started = [task('three-of-a-kind')];
    expect(await look()).toEqual(['host-two-three-']);
  });

  it('are not of another architecture, and are named once if they lack the image until they have it', async () => {
    swarm.members = [{ ...node('arm'), architecture: 'aarch64' }, node('three')];
    swarm.started = [task('arm'), task('three', { state: 'rejected', error: 'No such image: sha256:abc' })];
    expect([await look(), await look()]).toEqual([[], []]);
    expect(events).toMatchObject([
      { type: 'warning', message: expect.stringContaining('host-arm does not take part: its architecture') as string },
      { type: 'warning', message: expect.stringContaining('failed to start a node proxy on host-three') as string },
    ]);
    swarm.started = [task('three', { created: new Date(1) })];
    expect(await look()).toEqual(['host-three']);
    expect(events).toHaveLength(2);
  });
});
