import { describe, expect, it } from 'vitest';
import {
  currentOwner,
  formatOwner,
  isGone,
  parseOwner,
  procWorld,
  type Owner,
  type OwnerWorld,
} from '../../../src/build/owner.ts';
import type { Container, ContainerId, ContainerState } from '../../../src/engine/engine.ts';

const id = 'c0de'.repeat(16) as ContainerId;
const process1: Owner = { kind: 'process', machine: 'm', boot: 'b', pidNamespace: 'pid:[1]', pid: 7, startTime: '100' };
const container1: Owner = { kind: 'container', id, startedAt: 'monday' };

function world(
  changes: Partial<Record<'machine' | 'boot' | 'pidNamespace', string>> & { startTime?: string } = {},
): OwnerWorld {
  return {
    inspectContainer: () => Promise.resolve(undefined),
    machine: () => Promise.resolve(changes.machine ?? 'm'),
    boot: () => Promise.resolve(changes.boot ?? 'b'),
    pidNamespace: () => Promise.resolve(changes.pidNamespace ?? 'pid:[1]'),
    processStartTime: () => Promise.resolve(changes.startTime),
  };
}

function worldWith(state: ContainerState, startedAt: string): OwnerWorld {
  return { ...world(), inspectContainer: () => Promise.resolve({ id, state, startedAt } as Container) };
}

describe('a container as owner', () => {
  it.each(['running', 'paused', 'restarting', 'created', 'removing'] as const)(
    'is alive while it is %s',
    async (state) => {
      expect(await isGone(container1, worldWith(state, 'monday'))).toBe(false);
    },
  );

  it.each(['exited', 'dead'] as const)('is gone when it is %s', async (state) => {
    expect(await isGone(container1, worldWith(state, 'monday'))).toBe(true);
  });

  it('is gone when it was removed, or started again since', async () => {
    expect(await isGone(container1, world())).toBe(true);
    expect(await isGone(container1, worldWith('running', 'tuesday'))).toBe(true);
  });
});

describe('a process as owner', () => {
  it('is alive while a process has its id and start time', async () => {
    expect(await isGone(process1, world({ startTime: '100' }))).toBe(false);
  });

  it('is gone when there is no such process, when another one has its id, and after a reboot', async () => {
    expect(await isGone(process1, world({}))).toBe(true);
    expect(await isGone(process1, world({ startTime: '101' }))).toBe(true);
    expect(await isGone(process1, world({ boot: 'b2' }))).toBe(true);
  });

  it('counts as alive where nothing can be known of it', async () => {
    expect(await isGone(process1, world({ machine: 'other', boot: 'b2' }))).toBe(false);
    expect(await isGone({ ...process1, machine: '' }, world({ machine: '', boot: 'b2' }))).toBe(false);
    expect(await isGone(process1, world({ pidNamespace: 'pid:[2]' }))).toBe(false);
  });

  it('is found alive when it is this very process', async () => {
    const real = procWorld(() => Promise.resolve(undefined));
    const owner = await currentOwner(undefined, real);
    expect(await isGone(owner, real)).toBe(false);
    expect(owner).toMatchObject({ kind: 'process', pid: process.pid });
    expect(owner.kind === 'process' && owner.startTime).toMatch(/^\d+$/);
  });
});

describe('the label', () => {
  it.each([process1, container1])('keeps %j', (owner) => {
    expect(parseOwner(formatOwner(owner))).toEqual(owner);
  });

  it.each(['', '{', 'null', '[]', '{"kind":"process"}', '{"kind":"container","id":1}', '{"kind":"other"}'])(
    "is nobody's when it says %j",
    (text) => {
      expect(parseOwner(text)).toBeUndefined();
    },
  );
});
