import { describe, expect, it } from 'vitest';
import type { Mount } from '../../../src/engine/containers.ts';
import type { ContainerId, ImageId } from '../../../src/engine/identifiers.ts';
import { isRegistered, registerImage } from '../../../src/ownership/image-register.ts';
import { findLastTreeUse, registerTreeUse } from '../../../src/ownership/tree-register.ts';
import {
  disproveLease,
  disproveTreeVolume,
  disproveWorkContainer,
  disproveWorker,
  disproveWorkerNetwork,
  disproveWorkVolume,
  isWorkerImage,
  keptName,
  leaseName,
  workerName,
  workVolumeName,
  writerName,
} from '../../../src/ownership/ownership.ts';

const id = 'c0de'.repeat(16) as ContainerId;
const volume = workVolumeName('0123456789abcdef');
const anonymous = 'a'.repeat(64);
const mount = (source: string, target = '/x', type: Mount['type'] = 'volume'): Mount => ({
  type,
  source,
  target,
  readOnly: false,
});

describe('a volume with the label of a work volume', () => {
  it.each([
    [volume, true, undefined],
    ['gentoo-builder-0123', true, 'its name is not that of a work volume'],
    [`my-${volume}`, true, 'its name is not that of a work volume'],
    [`${volume}0`, true, 'its name is not that of a work volume'],
    [volume, false, 'it is not an ordinary volume of the driver local'],
  ])('%s, plain: %s', (name, isPlain, reason) => {
    expect(disproveWorkVolume({ name, labels: {}, isPlain })).toBe(reason);
  });
});

describe('a container that mounts a work volume', () => {
  const targets = ['/var/tmp/portage'];

  it('has names that a later run of another version finds', () => {
    expect([volume, writerName(volume), keptName(id), leaseName('zentoo-home-state')]).toEqual([
      'gentoo-builder-0123456789abcdef',
      'gentoo-builder-0123456789abcdef-store',
      'gentoo-failed-c0dec0dec0de',
      'zentoo-home-state-lease',
    ]);
  });

  it.each([volume, writerName(volume), `${volume}-probe-1`, keptName(id), 'gentoo-c0dec0de'])(
    'is of its run with the name %s',
    (name) => {
      expect(disproveWorkContainer({ id, name, targets }, volume, targets)).toBeUndefined();
    },
  );

  it.each(['mine', 'gentoo-feed', 'gentoo-c0d', 'my-gentoo-c0dec0de', 'gentoo-c0dec0de-x', `${volume}-other`])(
    'is not with the name %s',
    (name) => {
      expect(disproveWorkContainer({ id, name, targets }, volume, targets)).toBe(
        `the container ${name}, which mounts it, does not have the name of a build container`,
      );
    },
  );

  it('is not if it mounts the volume elsewhere as well', () => {
    const user = { id, name: volume, targets: [...targets, '/srv'] };
    expect(disproveWorkContainer(user, volume, targets)).toBe(
      `the container ${volume} mounts it elsewhere than a build does`,
    );
  });
});

describe('a volume that is to be emptied as a tree', () => {
  const labels = { label: 'tree' };

  it.each([
    ['gentoo-repository', labels, true, undefined],
    ['zentoo-home-repository-gentoo', labels, true, undefined],
    ['gentoo-repository', { label: 'distfiles' }, true, 'it does not have the label of a tree'],
    ['gentoo-repository-2', labels, true, 'its name is not that of a tree'],
    ['my-gentoo-repository', labels, true, 'its name is not that of a tree'],
    ['gentoo-repository', labels, false, 'it is not an ordinary volume of the driver local'],
  ])('%s %j, plain: %s', (name, given, isPlain, reason) => {
    expect(disproveTreeVolume({ name, labels: given, isPlain }, 'label')).toBe(reason);
  });
});

describe('a container with the label of a worker', () => {
  const name = workerName('home', 'zentoo/home/buildmaster-01234567', 3);

  it('is one with the name that zentoo gives, and with anonymous volumes', () => {
    expect(name).toBe('zentoo-home-distcc-01234567-3');
    expect(disproveWorker({ name, mounts: [mount(anonymous)] }, 'home')).toBeUndefined();
  });

  it.each([
    ['zentoo-other-distcc-01234567-3', [], 'its name is not that of a worker'],
    ['zentoo-home-distcc-01234567-0', [], 'its name is not that of a worker'],
    ['zentoo-home-distcc-0123456-3', [], 'its name is not that of a worker'],
    [name, [mount(anonymous), mount('data')], 'it mounts data, and workers mount nothing'],
    [name, [mount(anonymous, '/x', 'bind')], `it mounts ${anonymous}, and workers mount nothing`],
  ])('is none: %s with %j', (given, mounts, reason) => {
    expect(disproveWorker({ name: given, mounts }, 'home')).toBe(reason);
  });
});

describe('a container with the name of a lease', () => {
  const state = mount('home-state', '/state');

  it.each([
    ['created', [state], undefined],
    ['created', [state, mount(anonymous)], undefined],
    ['running', [state], 'it was started'],
    ['created', [], 'it does not mount the volume home-state'],
    ['created', [mount('home-state', '/elsewhere')], 'it does not mount the volume home-state'],
    ['created', [mount('other-state', '/state')], 'it does not mount the volume home-state'],
    ['created', [mount('home-state', '/state', 'bind')], 'it does not mount the volume home-state'],
    ['created', [state, mount('data')], 'it mounts data'],
    ['created', [state, mount('/srv', '/srv', 'bind')], 'it mounts /srv'],
  ] as const)('%s with %j', (containerState, mounts, reason) => {
    expect(disproveLease({ state: containerState, mounts }, 'home-state', '/state')).toBe(reason);
  });
});

it("an image has to have the name that its worker's label has, which an image built from it does not", () => {
  const name = 'zentoo/home/distcc:0123';
  expect(isWorkerImage(name, name, 'home')).toBe(true);
  expect(isWorkerImage('mine:latest', name, 'home')).toBe(false);
  expect(isWorkerImage('mine:latest', 'mine:latest', 'home')).toBe(false);
  expect(isWorkerImage(name, name, 'other')).toBe(false);
});

it.each([
  [{ label: 'home' }, true, undefined],
  [{ label: 'other' }, true, 'zentoo did not make it for the site home'],
  [{}, true, 'zentoo did not make it for the site home'],
  [{ label: 'home' }, false, 'it is not an internal bridge, so other networks reach its containers'],
])('a network with %j, isolated: %s', (labels, isIsolated, reason) => {
  const network = { id: 'n', name: 'n', labels, isIsolated, subnets: [], endpoints: [] };
  expect(disproveWorkerNetwork(network, 'label', 'home')).toBe(reason);
});

describe('the register of images', () => {
  it('knows an image only under the name and with the id that it was committed with', async () => {
    const written = new Set<string>();
    const files = {
      exists: (path: string) => Promise.resolve(written.has(path)),
      writeText: (directory: string, path: string) => Promise.resolve(void written.add(`${directory}/${path}`)),
    };
    const [own, other] = ['sha256:aa', 'sha256:bb'] as ImageId[];
    if (own === undefined || other === undefined) expect.fail();
    await registerImage(files, '/register', 'host:5000/app', own);
    const isKnown = (name: string, image: ImageId) => isRegistered(files, '/register', name, image);
    expect(await isKnown('host:5000/app', own)).toBe(true);
    expect(await isKnown('host:5000/app:latest', own)).toBe(true);
    expect(await isKnown('host:5000/app:1', own)).toBe(false);
    expect(await isKnown('host:5000/app', other)).toBe(false);
  });
});

describe('the register of trees', () => {
  it('tells the last run that began to use a tree, whatever characters its name has', async () => {
    const written = new Map<string, string>();
    const files = {
      readText: (path: string) => Promise.resolve(written.get(path)),
      writeText: (directory: string, path: string, text: string) =>
        Promise.resolve(void written.set(`${directory}/${path}`, text)),
    };
    const last = (tree: string) => findLastTreeUse(files, '/register', tree);
    await registerTreeUse(files, '/register', '/srv/a tree', 'run-1');
    await registerTreeUse(files, '/register', 'gentoo-repository', 'run-2');
    expect([await last('/srv/a tree'), await last('gentoo-repository'), await last('other')]).toEqual([
      'run-1',
      'run-2',
      undefined,
    ]);
    await registerTreeUse(files, '/register', 'gentoo-repository', 'run-3');
    expect(await last('gentoo-repository')).toBe('run-3');
    for (const path of written.keys()) expect(path).toMatch(/^\/register\/trees\/[0-9a-f]{32}$/);
  });
});
