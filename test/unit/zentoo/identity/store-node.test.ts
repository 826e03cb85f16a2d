import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimStore, releaseStore, requireOwnStore } from '../../../../src/zentoo/identity/store-node.ts';
import type { Swarm, SwarmNode } from '../../../../src/engine/swarm/swarm.ts';
import { Failure } from '../../../../src/failure.ts';
import { FakeSwarm, node } from '../swarm/fake-swarm.ts';

const site = { name: 'net', id: 'abcd' };
const nameless = { name: 'net', id: undefined };

const swarmWith = (own: string, two: string): FakeSwarm => {
  const swarm = new FakeSwarm();
  const labels = (stores: string) => ({ zone: 'north', ...(stores === '' ? {} : { 'zentoo.store': stores }) });
  swarm.members = [node('own', labels(own)), node('two', labels(two))];
  return swarm;
};
const storesOf = ({ members }: FakeSwarm) => members.map(({ labels }) => labels['zentoo.store']);
const refusal = async (work: Promise<unknown>): Promise<readonly unknown[] | undefined> => {
  const error = await work.then(() => undefined).catch((thrown: unknown) => thrown);
  return error instanceof Failure ? [error.exitStatus, error.message, error.hint] : undefined;
};

describe('the label of the node with the store of a site', () => {
  it('is put on the own node once, beside those of other sites and other labels', async () => {
    const swarm = swarmWith('other', '');
    expect(await claimStore(swarm, 'own', site)).toBe('host-own');
    expect(await claimStore(swarm, 'own', site)).toBeUndefined();
    expect(storesOf(swarm)).toEqual(['other,abcd', undefined]);
    expect(swarm.members[0]?.labels['zone']).toBe('north');
    await releaseStore(swarm, 'own', site);
    expect(storesOf(swarm)).toEqual(['other', undefined]);
    await releaseStore(swarm, 'own', { name: 'x', id: 'other' });
    expect(swarm.members[0]?.labels).toEqual({ zone: 'north' });
  });

  it('has the id in place of the name when the site gets one', async () => {
    const swarm = swarmWith('', '');
    await claimStore(swarm, 'own', nameless);
    expect(storesOf(swarm)).toEqual(['net', undefined]);
    await claimStore(swarm, 'own', site);
    expect(storesOf(swarm)).toEqual(['abcd', undefined]);
  });

  it.each([
    ['abcd', site, 'docker node update --label-rm zentoo.store host-two'],
    ['a,net,b', site, 'docker node update --label-add zentoo.store=a,b host-two'],
    ['net', nameless, 'zentoo adopt'],
  ])('refuses a client on another manager: %s', async (stores, wanted, hint) => {
    const swarm = swarmWith('', stores);
    const expected = [
      67,
      'failed to use the site net: its store is on the node host-two',
      expect.stringContaining(hint) as string,
    ];
    expect(await refusal(requireOwnStore(swarm, wanted))).toEqual(expected);
    expect(await refusal(claimStore(swarm, 'own', wanted))).toEqual(expected);
    expect(storesOf(swarm)).toEqual([undefined, stores]);
  });

  it('of a node that is away says how to go on without it, and that of a removed node keeps nobody out', async () => {
    const swarm = swarmWith('', 'abcd');
    swarm.members = swarm.members.map((one) => ({ ...one, isReady: one.id === 'own', hostname: 'host' }));
    expect(await refusal(requireOwnStore(swarm, site))).toEqual([
      67,
      'failed to use the site net: its store is on the node host, which is not ready',
      expect.stringContaining('if the node is gone for good: docker node rm --force two'),
    ]);
    swarm.members = swarm.members.slice(0, 1);
    await requireOwnStore(swarm, site);
  });

  it.each([{ state: 'inactive', node: '' }, { isManager: false }] as const)(
    'is not looked for where no manager can tell it: %o',
    async (mode) => {
      const swarm = swarmWith('', 'abcd');
      swarm.state = { ...swarm.state, ...mode };
      await requireOwnStore(swarm, site);
      expect(swarm.requests).toEqual(['mode']);
    },
  );

  it('is never on two nodes for two clients that begin at the same time', async () => {
    const pauses = fc.array(fc.nat(3), { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pauses, pauses, async (one, two) => {
        const swarm = swarmWith('', '');
        const claims = await Promise.allSettled([
          claimStore(slow(swarm, one), 'own', site),
          claimStore(slow(swarm, two), 'two', site),
        ]);
        const won = claims.map(({ status }) => status === 'fulfilled');
        expect(won).not.toEqual([true, true]);
        expect(storesOf(swarm).map((stores) => stores === 'abcd')).toEqual(won);
      }),
    );
  });
});

/** A client whose requests take turns of the event loop, before and after the manager does its work. */
function slow(swarm: FakeSwarm, pauses: readonly number[]): Pick<Swarm, 'mode' | 'nodes' | 'changeLabels'> {
  const left = [...pauses];
  const later = async <T>(work: () => Promise<T>): Promise<T> => {
    const wait = async () => {
      for (let turns = left.shift() ?? 0; turns > 0; turns--) await turn();
    };
    await wait();
    const answer = await work();
    await wait();
    return answer;
  };
  return {
    mode: () => later(() => swarm.mode()),
    nodes: () => later(() => swarm.nodes()),
    changeLabels: (id: string, change: (labels: SwarmNode['labels']) => SwarmNode['labels']) =>
      later(() => swarm.changeLabels(id, change)),
  };
}
