import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { findOwnContainer, ownContainerCandidates, parseMountInfo } from '../../../src/engine/own-container.ts';
import type { LocalSystem } from '../../../src/engine/local-system.ts';
import { fakeFiles } from '../../support/fake-engine/fake-engine-files.ts';
import type { FakeContainer } from '../../support/fake-engine/fake-engine-state.ts';
import { FakeEngine } from '../../support/fake-engine/fake-engine.ts';

const id = (digit: string): string => digit.repeat(64);

const overlay = (upperDir: string): string =>
  `623 512 0:61 / / rw,relatime master:194 - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=${upperDir},workdir=/w`;
const file = (root: string, target: string): string => `640 623 254:1 ${root} ${target} rw - ext4 /dev/vda1 rw`;

let engine: FakeEngine;
let own: FakeContainer;

beforeEach(async () => {
  engine = new FakeEngine();
  engine.addImage('base');
  own = await newContainer('own');
  await newContainer('other');
});
afterEach(() => engine[Symbol.dispose]());

describe('a candidate for the own container', () => {
  test("comes from Podman's mount of /run/.containerenv", async () => {
    const root = `/var/lib/containers/storage/overlay-containers/${own.id}/userdata/.containerenv`;
    await expectOwn({ mounts: [file(root, '/run/.containerenv')] });
  });

  test.each([
    ['version 1', (own: string) => `12:pids:/docker/${own}\n11:memory:/docker/${own}\n`],
    ['version 2', (own: string) => `0::/system.slice/docker-${own}.scope\n`],
    ['of an engine in a container', (own: string) => `0::/docker/${id('a')}/docker/${own}\n`],
    ['of Podman', (own: string) => `0::/machine.slice/libpod-${own}.scope/container\n`],
  ])('comes from the control group, %s', async (_, groups) => {
    await expectOwn({ groups: groups(own.id) });
  });

  test.each(['hostname', 'hosts', 'resolv.conf'])('comes from the mount of /etc/%s', async (name) => {
    await expectOwn({
      mounts: [file(`/var/lib/docker/containers/${own.id}/${name}`, `/etc/${name}`)],
      groups: '0::/\n',
    });
  });

  test('comes from the host name, which is the start of the id', async () => {
    await expectOwn({ host: own.id.slice(0, 12) });
  });
});

describe('the proof of the own container', () => {
  test('never takes the container whose network this container uses', async () => {
    const other = engine.container('other').id;
    const mounts = ['hostname', 'hosts', 'resolv.conf'].map((name) =>
      file(`/d/containers/${other}/${name}`, `/etc/${name}`),
    );
    expect(await find({ mounts, groups: '0::/\n', host: other.slice(0, 12) })).toBeUndefined();
    await expectOwn({ mounts, groups: `0::/docker/${own.id}\n`, host: other.slice(0, 12) });
  });

  test("accepts a layer path relative to the engine's directory", async () => {
    const relative = own.upperDir?.replace('/var/lib/docker/overlay2/', '') ?? '';
    const mounts = [overlay(relative)];
    expect((await findOwnContainer(engine, system({ mounts, groups: `0::/docker/${own.id}\n` })))?.id).toBe(own.id);
  });

  test('uses the last mount at /, which hides the others', async () => {
    const mounts = [overlay(engine.container('other').upperDir ?? ''), overlay(own.upperDir ?? '')];
    expect((await findOwnContainer(engine, system({ mounts, host: own.id.slice(0, 12) })))?.id).toBe(own.id);
  });

  test('fails if / is not an overlay', async () => {
    const mounts = ['25 1 254:1 / / rw - ext4 /dev/vda1 rw'];
    expect(await findOwnContainer(engine, system({ mounts, host: 'own' }))).toBeUndefined();
  });

  test('uses a new file in the changes of the container if the engine does not tell the layer', async () => {
    own.upperDir = undefined;
    const made: string[] = [];
    const self: LocalSystem = {
      ...system({ groups: `0::/docker/${own.id}\n` }),
      makeFile: async (path) => {
        made.push(path);
        own.files.set(path, fakeFiles({ a: '' }).get('/a') as never);
        return await Promise.resolve(true);
      },
      removeFile: async (path) => {
        own.files.delete(path);
        await Promise.resolve();
      },
    };
    expect((await findOwnContainer(engine, self))?.id).toBe(own.id);
    expect(made).toEqual([expect.stringMatching(/^\/\.gentoo-builder-/)]);
    expect(own.files.size).toBe(0);
  });

  test('fails if the new file is not among the changes, and if / is read-only', async () => {
    own.upperDir = undefined;
    const candidate = { groups: `0::/docker/${own.id}\n` };
    const elsewhere = { ...system(candidate), makeFile: async () => await Promise.resolve(true) };
    expect(await findOwnContainer(engine, elsewhere)).toBeUndefined();
    expect(await findOwnContainer(engine, system(candidate))).toBeUndefined();
  });
});

test('a process outside a container finds no container', async () => {
  const nowhere = { ...system({}), readFile: async () => await Promise.resolve(undefined) };
  expect(await findOwnContainer(engine, nowhere)).toBeUndefined();
});

test('candidates are in order and without repetition, and ids of layers are not among them', () => {
  const mounts = parseMountInfo(
    [
      overlay(`/var/lib/docker/overlay2/${id('9')}/diff`),
      file(`/d/containers/${id('3')}/hosts`, '/etc/hosts'),
      file(`/d/containers/${id('2')}/hostname`, '/etc/hostname'),
      file(`/s/overlay-containers/${id('1')}/userdata/.containerenv`, '/run/.containerenv'),
      file(`/d/containers/${id('8')}/mounts/shm`, '/dev/shm'),
    ].join('\n'),
  );
  const groups = `1:cpu:/docker/${id('2')}\n0::/user.slice\n`;
  expect(ownContainerCandidates(mounts, groups, 'host')).toEqual([id('1'), id('2'), id('3'), 'host']);
  expect(ownContainerCandidates([], '', '')).toEqual([]);
});

test('mount points are read without their escapes, and invalid lines are left out', () => {
  const text = String.raw`36 35 98:0 /a\040b /mnt\134x rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue
nonsense
36 35 98:0 - ext3 /dev/root rw
36 35 98:0 /a - ext3 /dev/root rw
36 35 98:0 /a /mnt rw - ext3 /dev/root

`;
  expect(parseMountInfo(text)).toEqual([
    { root: '/a b', target: String.raw`/mnt\x`, options: ['rw', 'errors=continue'] },
  ]);
});

interface Fixture {
  readonly mounts?: readonly string[];
  readonly groups?: string;
  readonly host?: string;
}

async function expectOwn(fixture: Fixture): Promise<void> {
  expect((await find(fixture))?.id).toBe(own.id);
}

/** Looks for the own container on a system whose root is the writable layer of `own`. */
async function find({ mounts = [], ...rest }: Fixture): Promise<{ id: string } | undefined> {
  return await findOwnContainer(engine, system({ mounts: [overlay(own.upperDir ?? ''), ...mounts], ...rest }));
}

function system({ mounts = [], groups = '', host = 'nowhere' }: Fixture): LocalSystem {
  const files: Readonly<Record<string, string>> = {
    '/proc/self/mountinfo': `${mounts.join('\n')}\n`,
    '/proc/self/cgroup': groups,
  };
  return {
    readFile: async (path) => await Promise.resolve(files[path]),
    makeFile: async () => await Promise.resolve(false),
    removeFile: async () => await Promise.resolve(),
    hostname: () => host,
  };
}

async function newContainer(name: string): Promise<FakeContainer> {
  await engine.createContainer(name, { image: 'base', command: ['sh'], mounts: [] });
  return engine.container(name);
}
