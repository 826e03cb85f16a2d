import { afterEach, expect, it, vi } from 'vitest';
import * as connecting from '../../../../src/engine/docker/connect-engine.ts';
import { makeCertificates } from '../../../../src/zentoo/swarm/certificate.ts';
import type { Proxies } from '../../../../src/zentoo/swarm/open-proxies.ts';
import { ProxyDirectory } from '../../../../src/zentoo/swarm/proxy-directory.ts';
import { nodeEngines } from '../../../../src/zentoo/swarm/swarm-engines.ts';
import { fakeTime, passTime, restoreTime } from '../../../support/fake-time.ts';
import { FakeSwarm, node } from './fake-swarm.ts';

afterEach(() => {
  vi.restoreAllMocks();
  restoreTime();
});

it.each([
  ['no connection within 5 s', /^let nodes reach each other at port 7946/],
  ['socket hang up', /^set the clock of the node, .* check that its engine listens/],
  ['certificate is not yet valid', /^set the clock of the node/],
])('a node whose proxy runs and that cannot be reached in 20 s (%s) is named, with what to do', async (why, hint) => {
  fakeTime();
  vi.spyOn(connecting, 'connectEngineAt').mockRejectedValue(new Error(why));
  using directory = new ProxyDirectory(new FakeSwarm(), 'proxy');
  const proxies: Proxies = {
    ...{
      own: 'own',
      nodes: [node('two')],
      directory,
      certificates: makeCertificates(new Date()),
      keepAwake: () => undefined,
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const [two] = nodeEngines(proxies, new AbortController().signal);
  const begun = performance.now();
  await expect(passTime((two ?? expect.fail('there is no node')).connect())).rejects.toMatchObject({
    code: 'proxy-unreachable',
    message: `failed to reach the node proxy on host-two, which runs: ${why}`,
    hint: expect.stringMatching(hint) as string,
  });
  expect(performance.now() - begun).toBeGreaterThan(20_000);
});
