import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  findOwnContainer,
  ownContainerCandidates,
  parseMountInfo,
  type Surroundings,
} from '../../../src/engine/own-container.ts';
import { fakeFiles } from '../../support/fake-engine-files.ts';
import type { FakeContainer } from '../../support/fake-engine-state.ts';
import { FakeEngine } from '../../support/fake-engine.ts';

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

describe('each way to a candidate', () => {
  test('Podman mounts a file from a directory with the id', async () => {
    const root = `/var/lib/containers/storage/overlay-containers/${own.id}/userdata/.containerenv`;
    await expectOwn({ mounts: [file(root, '/run/.containerenv')] });
  });

  test.each([
    ['version 1', (own: string) => `12:pids:/docker/${own}\n11:memory:/docker/${own}\n`],
    ['version 2', (own: string) => `0::/system.slice/docker-${own}.scope\n`],
    ['of an engine in a container', (own: string) => `0::/docker/${id('a')}/docker/${own}\n`],
    ['of Podman', (own: string) => `0::/machine.slice/libpod-${own}.scope/container\n`],
  ])('the control group, %s', async (_, groups) => {
    await expectOwn({ groups: groups(own.id) });
  });

  test.each(['hostname', 'hosts', 'resolv.conf'])('/etc/%s is mounted from a directory with the id', async (name) => {
    await expectOwn({
      mounts: [file(`/var/lib/docker/containers/${own.id}/${name}`, `/etc/${name}`)],
      groups: '0::/\n',
    });
  });

  test('the host name is the start of the id', async () => {
    await expectOwn({ host: own.id.slice(0, 12) });
  });
});

describe('proof', () => {
  test("the network's owner is not oneself", async () => {
    const other = engine.container('other').id;
    const mounts = ['hostname', 'hosts', 'resolv.conf'].map((name) =>
      file(`/d/containers/${other}/${name}`, `/etc/${name}`),
    );
    expect(await find({ mounts, groups: '0::/\n', host: other.slice(0, 12) })).toBeUndefined();
    await expectOwn({ mounts, groups: `0::/docker/${own.id}\n`, host: other.slice(0, 12) });
  });

  test('a path relative to the directory of the engine', async () => {
    const relative = own.upperDir?.replace('/var/lib/docker/overlay2/', '') ?? '';
    const mounts = [overlay(relative)];
    expect((await findOwnContainer(engine, surroundings({ mounts, groups: `0::/docker/${own.id}\n` })))?.id).toBe(
      own.id,
    );
  });

  test('the mount at / that hides the others counts', async () => {
    const mounts = [overlay(engine.container('other').upperDir ?? ''), overlay(own.upperDir ?? '')];
    expect((await findOwnContainer(engine, surroundings({ mounts, host: own.id.slice(0, 12) })))?.id).toBe(own.id);
  });

  test('no writable layer of an overlay, no container', async () => {
    const mounts = ['25 1 254:1 / / rw - ext4 /dev/vda1 rw'];
    expect(await findOwnContainer(engine, surroundings({ mounts, host: 'own' }))).toBeUndefined();
  });

  test('a new file turns up in the changes where the engine does not say where the layer is', async () => {
    own.upperDir = undefined;
    const made: string[] = [];
    const self: Surroundings = {
      ...surroundings({ groups: `0::/docker/${own.id}\n` }),
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

  test('a new file that does not turn up proves nothing, nor does a read-only root', async () => {
    own.upperDir = undefined;
    const candidate = { groups: `0::/docker/${own.id}\n` };
    const elsewhere = { ...surroundings(candidate), makeFile: async () => await Promise.resolve(true) };
    expect(await findOwnContainer(engine, elsewhere)).toBeUndefined();
    expect(await findOwnContainer(engine, surroundings(candidate))).toBeUndefined();
  });
});

test('outside of any container there is nothing to find', async () => {
  const nowhere = { ...surroundings({}), readFile: async () => await Promise.resolve(undefined) };
  expect(await findOwnContainer(engine, nowhere)).toBeUndefined();
});

test('candidates come in order, each once, and digits of layers are none', () => {
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

test('mount points are read with their escapes, and other lines left out', () => {
  const text = String.raw`36 35 98:0 /a\040b /mnt\134x rw,noatime master:1 propagate_from:2 - ext3 /dev/root rw,errors=continue
nonsense

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

/** In the container `own`, by its writable layer. */
async function find({ mounts = [], ...rest }: Fixture): Promise<{ id: string } | undefined> {
  return await findOwnContainer(engine, surroundings({ mounts: [overlay(own.upperDir ?? ''), ...mounts], ...rest }));
}

function surroundings({ mounts = [], groups = '', host = 'nowhere' }: Fixture): Surroundings {
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
