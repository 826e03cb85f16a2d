import { expect, test } from 'vitest';

import { createContainerBody } from '../../../../src/engine/docker/container-spec.ts';

test('the body of a build container has no settings that a commit would pass on to the image', () => {
  const body = createContainerBody('name', {
    image: 'base',
    command: ['cat'],
    mounts: [],
    openStdin: true,
    keepLog: false,
  });
  expect(body).toEqual({
    name: 'name',
    Image: 'base',
    Entrypoint: [''],
    Cmd: ['cat'],
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: { Mounts: [], Tmpfs: {}, AutoRemove: false, LogConfig: { Type: 'none', Config: {} } },
  });
});

test('the body has every field of the specification', () => {
  const body = createContainerBody('name', {
    image: 'base',
    command: ['sh'],
    mounts: [
      { type: 'volume', source: 'tree', target: '/var/db/repos/gentoo' },
      { type: 'bind', source: '/host', target: '/there', readOnly: true },
      { type: 'volume', source: 'work', target: '/work', labels: { c: 'd' } },
    ],
    labels: { a: 'b' },
    user: '0',
    init: true,
    autoRemove: true,
    memory: 2 ** 30,
    cpus: 1.5,
    cpuShares: 256,
  });
  expect(body).toMatchObject({
    Labels: { a: 'b' },
    User: '0',
    HostConfig: {
      Init: true,
      AutoRemove: true,
      Memory: 2 ** 30,
      MemorySwap: 2 ** 30,
      NanoCpus: 1_500_000_000,
      CpuShares: 256,
    },
  });
  expect(body.HostConfig?.Mounts).toEqual([
    { Type: 'volume', Source: 'tree', Target: '/var/db/repos/gentoo', ReadOnly: false },
    { Type: 'bind', Source: '/host', Target: '/there', ReadOnly: true },
    expect.objectContaining({
      Source: 'work',
      VolumeOptions: expect.objectContaining({ Labels: { c: 'd' } }) as object,
    }),
  ]);
});

test('a tmpfs is mounted with exec and with the options of its source', () => {
  const mounts = [
    { type: 'tmpfs', source: '', target: '/tmp' },
    { type: 'tmpfs', source: 'size=4g', target: '/var/tmp/portage', readOnly: true },
  ] as const;
  expect(createContainerBody('name', { image: 'base', command: ['sh'], mounts }).HostConfig).toMatchObject({
    Mounts: [],
    Tmpfs: { '/tmp': 'rw,exec,nosuid,nodev', '/var/tmp/portage': 'ro,exec,nosuid,nodev,size=4g' },
  });
});
