import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkBase, chooseBase, pullBase } from '../../../src/container/base-image.ts';
import type { PullProgress } from '../../../src/engine/images.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure } from '../../../src/failure.ts';
import { fakeImage } from '../../support/fake-engine/fake-engine-state.ts';
import { baseName, BuildWorld, interruption } from '../builder/build-world.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const name = 'gentoo/other:latest';

function worldWithRegistry(): BuildWorld {
  const world = new BuildWorld();
  world.engine.registry.set(name, fakeImage({ layers: ['a', 'b'] }));
  return world;
}

function pull(world: BuildWorld): Promise<unknown> {
  return passTime(pullBase(world.context, name).catch((error: unknown) => error));
}

describe('case 2.10: the configuration of a base', () => {
  const check = async (parts: Parameters<typeof fakeImage>[0]) => {
    using world = new BuildWorld();
    await checkBase(world.context, { name: 'mine', image: fakeImage(parts) });
    return world.messages('warning');
  };

  it.each([
    '/',
    '/usr',
    '/usr/',
    '/etc',
    '/usr/bin',
    '/usr/lib64',
    '/var',
    '/var/db',
    '/var/db/pkg',
    '//var/lib/portage',
  ])('is refused if it has a volume %s, in which each image would lack the packages', async (path) => {
    await expect(check({ volumes: ['/var/tmp/portage', path] })).rejects.toMatchObject({
      code: 'base-unusable',
      message: `failed to use the base mine: it has VOLUME ${path}, and no image has files of a volume`,
    });
  });

  it.each(['ROOT=/opt/x', 'SYSROOT=//x', 'PORTAGE_CONFIGROOT=/x', 'EPREFIX=/x', 'PORTAGE_OVERRIDE_EPREFIX=/x'])(
    'is refused if it has the variable %s, by which emerge works in another root',
    async (text) => {
      await expect(check({ environment: ['PATH=/bin', text] })).rejects.toMatchObject({
        code: 'base-unusable',
        message: `failed to use the base mine: it has ENV ${text}: emerge would work in another root than /`,
        hint: expect.stringContaining(`with ENV ${text.split('=')[0]}=""`) as string,
      });
    },
  );

  it('may have other volumes and variables', async () => {
    const volumes = ['/usr/portage', '/var/tmp/portage', '/var/db/repos/gentoo', '/var/cache/distfiles', '/root'];
    const environment = ['ROOT=', 'ROOT=/', 'EPREFIX=', 'ROOTPATH=/x', 'MY_ROOT=/x', 'SYSROOT=//'];
    expect(await check({ volumes, environment })).toEqual([]);
  });

  it('has a warning for a volume that may keep files of packages out of the image', async () => {
    const words =
      'the base mine has VOLUME /var/www /etc/nginx: files that packages install there are not in the image';
    expect(await check({ volumes: ['/var/tmp', '/var/www', '/etc/nginx'] })).toEqual([words]);
  });
});

describe('the choice of a base', () => {
  it('takes the image that the user named, whether the engine has it or not', async () => {
    using world = new BuildWorld();
    const mine = world.engine.addImage('mine');
    expect(await chooseBase(world.context, 'mine')).toEqual({ name: 'mine', image: mine });
    expect(await chooseBase(world.context, 'other')).toEqual({ name: 'other', image: undefined });
  });

  it('takes gentoo-base if the engine has it, else the public stage', async () => {
    using world = new BuildWorld();
    expect(await chooseBase(world.context, undefined)).toMatchObject({
      name: baseName,
      image: { labels: { of: 'base' } },
    });
    const preferred = world.engine.addImage('gentoo-base');
    expect(await chooseBase(world.context, undefined)).toEqual({ name: 'gentoo-base', image: preferred });
  });
});

describe('a pull', () => {
  it('for a site fails without a hint that names an option of gentoo-builder', async () => {
    using world = worldWithRegistry();
    for (const message of ['dial tcp: no such host', 'toomanyrequests', 'no matching manifest']) {
      world.engine.fault({ method: 'pullImage', error: new EngineRefusal(500, message) });
      const otherwise = 'name another in site.yaml';
      const failure = await passTime(pullBase(world.context, name, otherwise).catch((error: unknown) => error));
      expect(failure).toMatchObject({
        hint: expect.stringMatching(/^(?:(?!--).)*name another in site\.yaml$/) as string,
      });
    }
  });

  it('returns the image and reports that it is pulled', async () => {
    using world = worldWithRegistry();
    expect(await pull(world)).toMatchObject({ layers: ['a', 'b'] });
    expect(world.messages('note')).toEqual([`the engine has no image ${name}: pulling it`]);
  });

  it('reports its progress as the sum of all layers', async () => {
    using world = worldWithRegistry();
    const progress = (layer: string, current: number, total: number): PullProgress => ({
      layer,
      status: '',
      current,
      total,
    });
    world.engine.pullImage = (_name, onProgress) => {
      for (const each of [
        progress('a', 1, 10),
        progress('b', 0, 0),
        progress('b', 5, 20),
        progress('a', 10, 10),
        progress('', 0, 0),
      ])
        onProgress(each);
      return Promise.resolve();
    };
    world.engine.addImage(name);
    await pull(world);
    const sums = world.events.flatMap((event) => (event.type === 'pull' ? [[event.current, event.total]] : []));
    expect(sums).toEqual([
      [1, 10],
      [6, 30],
      [15, 30],
    ]);
  });

  it.each([
    'toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
    'received unexpected HTTP status: 429 Too Many Requests',
    'received unexpected HTTP status: 503 Service Unavailable',
    'Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout',
    'read tcp 172.17.0.2:5050->1.2.3.4:443: read: connection reset by peer',
    'unexpected EOF',
  ])('is repeated after a transient error: %s', async (message) => {
    using world = worldWithRegistry();
    for (const nth of [1, 2]) world.engine.fault({ method: 'pullImage', nth, error: new EngineRefusal(500, message) });
    expect(await pull(world)).toMatchObject({ layers: ['a', 'b'] });
    expect(world.calls('pullImage')).toHaveLength(3);
    expect(world.messages('warning')).toEqual([
      expect.stringContaining(`the pull of ${name} failed (${message}); trying again in `),
      expect.stringContaining('trying again in '),
    ]);
  });

  it('doubles the delay before each attempt, and fails after the fourth attempt', async () => {
    using world = worldWithRegistry();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    world.engine.fault({ method: 'pullImage', error: new EngineRefusal(500, 'toomanyrequests') });
    const elapsed = stopwatch();
    expect(await pull(world)).toMatchObject({ code: 'base-unusable' });
    expect(elapsed()).toBe(1500 + 3000 + 6000);
    expect(world.calls('pullImage')).toHaveLength(4);
  });

  it.each([
    [
      'the registry cannot be reached',
      'its registry cannot be reached',
      'check the network of the engine, or name an image that the engine already has: --base IMAGE',
      [
        'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 127.0.0.11:53: no such host',
        'Get "https://registry-1.docker.io/v2/": dial tcp 1.2.3.4:443: connect: connection refused',
        'Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
        'Get "https://registry-1.docker.io/v2/": context deadline exceeded',
        'Get "https://registry-1.docker.io/v2/": dial tcp 1.2.3.4:443: i/o timeout',
        'proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: no route to host',
      ],
    ],
    [
      'the registry requires a login',
      'its registry requires a login',
      'log in on the machine of the engine (docker login), and run the same command again',
      [
        'unauthorized: authentication required',
        'Head "https://registry.example/v2/x/manifests/latest": no basic auth credentials',
        'error from registry: denied',
        'received unexpected HTTP status: 401 Unauthorized',
      ],
    ],
    [
      'there is no such image',
      'there is no such image',
      'check the spelling; if the image is private, log in (docker login); `docker images` lists the images of the engine',
      [
        "pull access denied for nobody/nothing, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
        'manifest for gentoo/stage3:never not found: manifest unknown: manifest unknown',
        'manifest unknown',
      ],
    ],
    [
      'the registry limits the pulls',
      'its registry limits the number of pulls',
      'wait, or log in on the machine of the engine (docker login), or name an image that the engine already has: --base IMAGE',
      ['toomanyrequests: You have reached your unauthenticated pull rate limit.'],
    ],
    [
      'the disk is full',
      'the disk of the engine is full',
      'free space: `docker system df` shows how much images, containers and volumes use',
      ['write /var/lib/docker/tmp/GetImageBlob1: no space left on device'],
    ],
    [
      'it fails for another reason',
      'the pull failed',
      'name an image that the engine already has: --base IMAGE',
      ['no matching manifest for linux/riscv64 in the manifest list entries'],
    ],
  ] as const)('says that %s', async (_what, why, hint, messages) => {
    for (const message of messages) {
      using world = worldWithRegistry();
      world.engine.fault({ method: 'pullImage', error: new EngineRefusal(500, message) });
      const failure = await pull(world);
      expect(failure, message).toMatchObject({
        code: 'base-unusable',
        exitStatus: 14,
        message: `failed to find the base ${name}: ${why} (${message})`,
        hint,
      });
    }
  });

  it('suggests an image of the engine with a similar name', async () => {
    for (const [present, named, suggested] of [
      ['mine/stage:latest', 'mine/staeg', "; did you mean 'mine/stage'?"],
      ['mine/stage:v1', 'mine/stage:v2', "; did you mean 'mine/stage:v1'?"],
      ['other:latest', 'mine/stage', ''],
    ] as const) {
      using world = new BuildWorld();
      world.engine.addImage(present);
      const message = 'manifest unknown';
      world.engine.fault({ method: 'pullImage', error: new EngineRefusal(404, message) });
      const failed = passTime(pullBase(world.context, named)).catch((error: unknown) => error);
      expect(await failed).toMatchObject({
        message: `failed to find the base ${named}: there is no such image (${message})${suggested}`,
      });
    }
  });

  it('has no suggestion if the engine does not list its images', async () => {
    using world = worldWithRegistry();
    world.engine.fault({ method: 'pullImage', error: new EngineRefusal(404, 'manifest unknown') });
    world.engine.fault({ method: 'listImageNames', error: new EngineRefusal(500, 'ill') });
    expect(await pull(world)).toMatchObject({ message: expect.stringMatching(/\(manifest unknown\)$/) as string });
  });

  it.each(['unauthorized: authentication required', 'manifest unknown', 'no such host'])(
    'is not repeated if the registry refuses it: %s',
    async (message) => {
      using world = worldWithRegistry();
      world.engine.fault({ method: 'pullImage', error: new EngineRefusal(500, message) });
      await pull(world);
      expect(world.calls('pullImage')).toHaveLength(1);
    },
  );

  it('throws engine-lost unchanged', async () => {
    using world = worldWithRegistry();
    const lost = new Failure('engine-lost', 'lost');
    world.engine.fault({ method: 'pullImage', error: lost });
    expect(await pull(world)).toBe(lost);
  });

  it('throws the reason of an abort, during the pull and during a delay', async () => {
    using pulling = worldWithRegistry();
    pulling.engine.fault({ method: 'pullImage' });
    setTimeout(() => pulling.aborter.abort(interruption), 1000);
    expect(await pull(pulling)).toBe(interruption);

    using waiting = worldWithRegistry();
    waiting.engine.fault({ method: 'pullImage', error: new EngineRefusal(500, 'toomanyrequests') });
    setTimeout(() => waiting.aborter.abort(interruption), 500);
    expect(await pull(waiting)).toBe(interruption);
    expect(waiting.calls('pullImage')).toHaveLength(1);

    using refusing = worldWithRegistry();
    refusing.onCall = (method) => void (method === 'pullImage' && refusing.aborter.abort(interruption));
    refusing.engine.pullImage = () => Promise.reject(new EngineRefusal(500, 'manifest unknown'));
    expect(await pull(refusing)).toBe(interruption);
  });

  it('fails if the engine reports success but does not have the image', async () => {
    using world = worldWithRegistry();
    world.engine.pullImage = () => Promise.resolve();
    expect(await pull(world)).toMatchObject({
      code: 'base-unusable',
      message: expect.stringContaining('reported success but does not have the image') as string,
    });
  });
});
