import { expect, test } from 'vitest';

import { createContainerBody } from '../../../src/engine/container-spec.ts';

test('a container to be committed carries nothing that a commit would hand on', () => {
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

test('all of a specification arrives', () => {
  const body = createContainerBody('name', {
    image: 'base',
    command: ['sh'],
    mounts: [
      { type: 'volume', source: 'tree', target: '/var/db/repos/gentoo' },
      { type: 'bind', source: '/host', target: '/there', readOnly: true },
    ],
    labels: { a: 'b' },
    init: true,
    capabilities: ['SYS_PTRACE'],
    autoRemove: true,
    memory: 2 ** 30,
    cpus: 1.5,
  });
  expect(body).toMatchObject({
    Labels: { a: 'b' },
    HostConfig: {
      Init: true,
      CapAdd: ['SYS_PTRACE'],
      AutoRemove: true,
      Memory: 2 ** 30,
      MemorySwap: 2 ** 30,
      NanoCpus: 1_500_000_000,
    },
  });
  expect(body.HostConfig?.Mounts).toEqual([
    { Type: 'volume', Source: 'tree', Target: '/var/db/repos/gentoo', ReadOnly: false },
    { Type: 'bind', Source: '/host', Target: '/there', ReadOnly: true },
  ]);
});

test('programs can be run on a tmpfs, whose source are more options', () => {
  const mounts = [
    { type: 'tmpfs', source: '', target: '/tmp' },
    { type: 'tmpfs', source: 'size=4g', target: '/var/tmp/portage', readOnly: true },
  ] as const;
  expect(createContainerBody('name', { image: 'base', command: ['sh'], mounts }).HostConfig).toMatchObject({
    Mounts: [],
    Tmpfs: { '/tmp': 'rw,exec,nosuid,nodev', '/var/tmp/portage': 'ro,exec,nosuid,nodev,size=4g' },
  });
});
