import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  currentOwner,
  formatOwner,
  isGone,
  judgeLife,
  parseOwner,
  procWorld,
  type Owner,
  type OwnerWorld,
} from '../../../src/ownership/owner.ts';
import type { Container, ContainerState } from '../../../src/engine/containers.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';
import { temporaryDirectory } from '../site/git-program.ts';

const id = 'c0de'.repeat(16) as ContainerId;
const process1: Owner = { kind: 'process', machine: 'm', boot: 'b', pidNamespace: 'pid:[1]', pid: 7, startTime: '100' };
const container1: Owner = { kind: 'container', id, startedAt: 'monday' };

/** An engine that has no container. */
const noEngine = {
  inspectContainer: () => Promise.resolve(undefined),
  info: () => Promise.resolve({ id: 'WORK', cpus: 1, memory: 1, architecture: 'x86_64', dataRoot: '/' }),
};

function world(
  changes: Partial<Record<'machine' | 'boot' | 'pidNamespace', string>> & { startTime?: string } = {},
): OwnerWorld {
  return {
    inspectContainer: () => Promise.resolve(undefined),
    inspectElsewhere: () => Promise.resolve(undefined),
    selfElsewhere: () => Promise.resolve(undefined),
    hasNamespace: () => Promise.resolve(undefined),
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

  it.each(['exited', 'dead'] as const)('is gone if it is %s', async (state) => {
    expect(await isGone(container1, worldWith(state, 'monday'))).toBe(true);
  });

  it('is gone if it was removed, or was started again since', async () => {
    expect(await isGone(container1, world())).toBe(true);
    expect(await isGone(container1, worldWith('running', 'tuesday'))).toBe(true);
  });
});

describe('a process as owner', () => {
  it('is alive while a process has its id and start time', async () => {
    expect(await isGone(process1, world({ startTime: '100' }))).toBe(false);
  });

  it('is gone if no process has its id, if another process has its id, and after a reboot', async () => {
    expect(await isGone(process1, world({}))).toBe(true);
    expect(await isGone(process1, world({ startTime: '101' }))).toBe(true);
    expect(await isGone(process1, world({ boot: 'b2' }))).toBe(true);
  });

  it('counts as alive if its state is unknown', async () => {
    expect(await isGone(process1, world({ machine: 'other', boot: 'b2' }))).toBe(false);
    expect(await isGone({ ...process1, machine: '' }, world({ machine: '', boot: 'b2' }))).toBe(false);
    expect(await isGone(process1, world({ pidNamespace: 'pid:[2]' }))).toBe(false);
  });

  it('is proven alive only on its machine, in its boot and in its process id namespace', async () => {
    expect(await judgeLife(process1, world({ startTime: '100' }))).toBe('alive');
    expect(await judgeLife(process1, world({ machine: 'other', boot: 'b2', startTime: '100' }))).toBe('unknown');
    expect(await judgeLife(process1, world({ pidNamespace: 'pid:[2]', startTime: '100' }))).toBe('unknown');
    expect(await judgeLife(process1, world({ boot: 'b2', startTime: '100' }))).toBe('gone');
  });

  it('is gone if this machine has no process with its id', async () => {
    const real = procWorld(noEngine);
    const owner = await currentOwner(undefined, real);
    // The largest process id of Linux is 2 ** 22.
    expect(await real.processStartTime(2 ** 22 + 1)).toBeUndefined();
    expect(await isGone({ ...owner, pid: 2 ** 22 + 1 } as Owner, real)).toBe(true);
  });

  it('is alive if it is this process', async () => {
    const real = procWorld(noEngine);
    const owner = await currentOwner(undefined, real);
    expect(await isGone(owner, real)).toBe(false);
    expect(owner).toMatchObject({ kind: 'process', pid: process.pid });
    expect(owner.kind === 'process' && owner.startTime).toMatch(/^\d+$/);
  });
});

describe('case 1.11: a builder in a container that works on another engine', () => {
  const elsewhere: Owner = { kind: 'container-elsewhere', engine: 'HOME', id, startedAt: 'monday' };
  const home = (state?: ContainerState, engineId = 'HOME') => {
    const self = { id, startedAt: 'monday' } as Container;
    const container = state === undefined ? undefined : ({ id, state, startedAt: 'monday' } as Container);
    return () =>
      Promise.resolve({ id: engineId, self, engine: { inspectContainer: () => Promise.resolve(container) } });
  };

  it('is described by its container and by the id of that engine', async () => {
    expect(await currentOwner(undefined, procWorld(noEngine, home('running')))).toEqual(elsewhere);
    const self = { id, startedAt: 'monday' } as Container;
    expect(await currentOwner(self, procWorld(noEngine, home('running')))).toEqual(container1);
  });

  it.each([
    ['running', false],
    ['created', false],
    ['exited', true],
    ['dead', true],
    [undefined, true],
  ] as const)('is asked for on its own engine: %s there means gone: %s', async (state, gone) => {
    expect(await isGone(elsewhere, procWorld(noEngine, home(state)))).toBe(gone);
  });

  it('counts as alive where its engine is not reached, and not for want of it on the engine of the build', async () => {
    expect(await isGone(elsewhere, procWorld(noEngine))).toBe(false);
    expect(await isGone(elsewhere, procWorld(noEngine, home(undefined, 'OTHER')))).toBe(false);
  });

  it('is asked for on the engine that a builder works on, if that is its own', async () => {
    const engine = { ...noEngine, info: async () => ({ ...(await noEngine.info()), id: 'HOME' }) };
    expect(await isGone(elsewhere, procWorld(engine))).toBe(true);
  });

  it('without the socket of its own engine is gone when its process id namespace is', async () => {
    const inContainer: Owner = { ...process1, machine: '', pidNamespace: 'pid:[7]' };
    const onHost = (has: boolean | undefined): OwnerWorld => ({ ...world(), hasNamespace: () => Promise.resolve(has) });
    expect(await isGone(inContainer, onHost(false))).toBe(true);
    expect(await isGone(inContainer, onHost(true))).toBe(false);
    expect(await isGone(inContainer, onHost(undefined))).toBe(false);
  });
});

describe('the processes of a machine', () => {
  const initial = 'pid:[4026531836]';

  /** A /proc in which this process and others are in the namespaces; null is a process whose namespace cannot be read. */
  function fakeProc(path: string, own: string, others: readonly (string | null)[]): string {
    for (const [name, namespace] of [['self', own] as const, ...others.entries()]) {
      mkdirSync(join(path, String(name), 'ns'), { recursive: true });
      if (namespace !== null) symlinkSync(namespace, join(path, String(name), 'ns/pid'));
    }
    return path;
  }

  it.each([
    ['are searched for a namespace', initial, [initial, 'pid:[7]'], true],
    ['prove that a namespace is gone', initial, [initial, 'pid:[8]'], false],
    ['prove nothing if one of them cannot be looked into', initial, [initial, null], undefined],
    ['prove that a namespace is there even if one of them cannot be looked into', initial, [null, 'pid:[7]'], true],
    ['prove nothing if this program sees only those of a container', 'pid:[9]', ['pid:[9]'], undefined],
  ])('%s', async (_what, own, others, expected) => {
    using home = temporaryDirectory();
    expect(await procWorld(noEngine, undefined, fakeProc(home.path, own, others)).hasNamespace('pid:[7]')).toBe(
      expected,
    );
  });

  it('are the directories whose names are numbers', async () => {
    using home = temporaryDirectory();
    const proc = fakeProc(home.path, initial, [initial]);
    for (const name of ['sys', '1st', 'v1']) mkdirSync(join(proc, name));
    expect(await procWorld(noEngine, undefined, proc).hasNamespace('pid:[7]')).toBe(false);
  });

  it('tell the start time after a name with spaces and parentheses', async () => {
    using home = temporaryDirectory();
    const proc = fakeProc(home.path, initial, [initial]);
    const fields = Array.from({ length: 30 }, (_, index) => index + 3).join(' ');
    writeFileSync(join(proc, '0/stat'), `0 (a) b (c)) ${fields}\n`);
    expect(await procWorld(noEngine, undefined, proc).processStartTime(0)).toBe('22');
  });

  it('are an error if their files exist and cannot be read', async () => {
    using home = temporaryDirectory();
    mkdirSync(join(home.path, '1/stat'), { recursive: true });
    await expect(procWorld(noEngine, undefined, home.path).processStartTime(1)).rejects.toThrow('EISDIR');
  });
});

describe('the identity of a machine', () => {
  it('is empty where the kernel tells nothing, and such a process is nobody who is proven gone', async () => {
    using home = temporaryDirectory();
    const bare = procWorld(noEngine, undefined, home.path);
    expect(await currentOwner(undefined, bare)).toMatchObject({ boot: '', pidNamespace: '', startTime: '' });
    expect(await judgeLife({ ...process1, boot: '', pidNamespace: '', startTime: '' }, bare)).toBe('unknown');
  });

  it('is the id of the boot and that of machine-id(5), without the ends of their lines', async () => {
    using home = temporaryDirectory();
    mkdirSync(join(home.path, 'sys/kernel/random'), { recursive: true });
    writeFileSync(join(home.path, 'sys/kernel/random/boot_id'), 'boot-1\n');
    const world1 = procWorld(noEngine, undefined, home.path);
    expect(await world1.boot()).toBe('boot-1');
    const file = '/etc/machine-id';
    expect(await world1.machine()).toBe(existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  });
});

describe('the label', () => {
  it.each([process1, container1, { ...container1, kind: 'container-elsewhere', engine: 'HOME' } as Owner])(
    'keeps %j',
    (owner) => {
      expect(parseOwner(formatOwner(owner))).toEqual(owner);
    },
  );

  it.each([
    ...['', '{', 'null', '[]', '{"kind":"process"}', '{"kind":"container","id":1}', '{"kind":"other"}'],
    JSON.stringify({ ...container1, id: 'c0de' }),
    JSON.stringify({ ...container1, startedAt: 1 }),
    JSON.stringify({ ...container1, kind: 'container-elsewhere' }),
    JSON.stringify({ ...process1, pid: 7.5 }),
    JSON.stringify({ ...process1, pid: '7' }),
  ])("is nobody's when it says %j", (text) => {
    expect(parseOwner(text)).toBeUndefined();
  });
});
