import { afterEach, expect, it, vi } from 'vitest';
import * as connecting from '../../../../src/engine/docker/connect-engine.ts';
import { makeCertificates } from '../../../../src/zentoo/swarm/certificate.ts';
import type { Proxies } from '../../../../src/zentoo/swarm/open-proxies.ts';
import { ProxyDirectory } from '../../../../src/zentoo/swarm/proxy-directory.ts';
import { nodeEngines, reachNodes } from '../../../../src/zentoo/swarm/swarm-engines.ts';
import type { Event } from '../../../../src/report/event.ts';
import { FakeEngine } from '../../../support/fake-engine/fake-engine.ts';
import { fakeTime, passTime, restoreTime } from '../../../support/fake-time.ts';
import { FakeSwarm, node } from './fake-swarm.ts';

afterEach(() => {
  vi.restoreAllMocks();
  restoreTime();
});

function proxiesOn(nodes: readonly string[], directory: ProxyDirectory): Proxies {
  const parts = {
    own: 'own',
    architecture: 'x86_64',
    image: 'image',
    storeNetwork: undefined,
    keepAwake: () => undefined,
  };
  return {
    ...{ ...parts, nodes: nodes.map((id) => node(id)), directory, certificates: makeCertificates(new Date()) },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

it('a node that is not reached is left out with a warning, unless no node is reached', async () => {
  fakeTime();
  using engine = new FakeEngine();
  vi.spyOn(connecting, 'connectEngineAt').mockImplementation((place) =>
    place.kind === 'tcp' && place.host === 'host-two'
      ? Promise.reject(new Error('EHOSTUNREACH'))
      : Promise.resolve(engine),
  );
  using directory = new ProxyDirectory(new FakeSwarm(), 'proxy');
  const events: Event[] = [];
  const report = (event: Event): void => void events.push(event);
  const run = { report, signal: new AbortController().signal };
  const { nodes, engines } = await passTime(reachNodes(proxiesOn(['two', 'three'], directory), run));
  expect([nodes.map(({ id }) => id), engines.map(({ name }) => name)]).toEqual([['three'], ['host-three']]);
  expect(await engines[0]?.connect()).toBe(engine);
  expect(events).toMatchObject([
    {
      type: 'warning',
      message:
        'a node does not take part at the beginning of this build: failed to reach the node proxy on host-two, which runs: EHOSTUNREACH',
    },
  ]);
  await expect(passTime(reachNodes(proxiesOn(['two'], directory), run))).rejects.toMatchObject({
    code: 'proxy-unreachable',
  });
});

it.each([
  ['no connection within 5 s', /^let nodes reach each other at port 7946/],
  ['socket hang up', /^set the clock of the node, .* check that its engine listens/],
  ['certificate is not yet valid', /^set the clock of the node/],
])('a node whose proxy runs and that cannot be reached in 20 s (%s) is named, with what to do', async (why, hint) => {
  fakeTime();
  vi.spyOn(connecting, 'connectEngineAt').mockRejectedValue(new Error(why));
  using directory = new ProxyDirectory(new FakeSwarm(), 'proxy');
  const proxies = proxiesOn(['two'], directory);
  const [two] = nodeEngines(proxies, new AbortController().signal);
  const begun = performance.now();
  await expect(passTime((two ?? expect.fail('there is no node')).connect())).rejects.toMatchObject({
    code: 'proxy-unreachable',
    message: `failed to reach the node proxy on host-two, which runs: ${why}`,
    hint: expect.stringMatching(hint) as string,
  });
  expect(performance.now() - begun).toBeGreaterThan(20_000);
});
