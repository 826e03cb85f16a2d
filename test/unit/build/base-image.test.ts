import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseBase, pullBase } from '../../../src/build/base-image.ts';
import { EngineRefusal, type PullProgress } from '../../../src/engine/engine.ts';
import { Failure } from '../../../src/failure.ts';
import { fakeImage } from '../../support/fake-engine-state.ts';
import { baseName, BuildWorld, interruption } from './build-world.ts';
import { fakeTime, passTime, stopwatch } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);

beforeEach(fakeTime);
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const name = 'gentoo/other:latest';

function worldWithRegistry(): BuildWorld {
  const world = new BuildWorld();
  world.engine.registry.set(name, fakeImage({ layers: ['a', 'b'] }));
  return world;
}

function pull(world: BuildWorld): Promise<unknown> {
  return passTime(pullBase(world.context, name).catch((error: unknown) => error));
}

describe('the choice of a base', () => {
  it('is what was named, whether the engine has it or not', async () => {
    using world = new BuildWorld();
    const mine = world.engine.addImage('mine');
    expect(await chooseBase(world.context, 'mine')).toEqual({ name: 'mine', image: mine });
    expect(await chooseBase(world.context, 'other')).toEqual({ name: 'other', image: undefined });
  });

  it('is gentoo-base where there is one, else the public stage', async () => {
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
  it('that a site needs has no hint with an option of the builder', async () => {
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

  it('answers with the image, and says what it does', async () => {
    using world = worldWithRegistry();
    expect(await pull(world)).toMatchObject({ layers: ['a', 'b'] });
    expect(world.messages('note')).toEqual([`the engine has no image ${name}: pulling it`]);
  });

  it('tells how far it is, summed over the layers', async () => {
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
  ])('that stumbles is tried again: %s', async (message) => {
    using world = worldWithRegistry();
    for (const nth of [1, 2]) world.engine.fault({ method: 'pullImage', nth, error: new EngineRefusal(500, message) });
    expect(await pull(world)).toMatchObject({ layers: ['a', 'b'] });
    expect(world.calls('pullImage')).toHaveLength(3);
    expect(world.messages('warning')).toEqual([
      expect.stringContaining(`the pull of ${name} failed (${message}); trying again in `),
      expect.stringContaining('trying again in '),
    ]);
  });

  it('waits twice as long before each further attempt, and gives up after the fourth', async () => {
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
      /its registry cannot be reached/,
      /--base IMAGE/,
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
      'the registry wants a login',
      /its registry wants a login/,
      /docker login/,
      [
        'unauthorized: authentication required',
        'Head "https://registry.example/v2/x/manifests/latest": no basic auth credentials',
        'error from registry: denied',
        'received unexpected HTTP status: 401 Unauthorized',
      ],
    ],
    [
      'there is no such image',
      /there is no such image/,
      /check the spelling/,
      [
        "pull access denied for nobody/nothing, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
        'manifest for gentoo/stage3:never not found: manifest unknown: manifest unknown',
        'manifest unknown',
      ],
    ],
    [
      'it fails for another reason',
      /the pull failed/,
      /--base IMAGE/,
      ['no matching manifest for linux/riscv64 in the manifest list entries'],
    ],
  ] as const)('says that %s', async (_what, why, hint, messages) => {
    for (const message of messages) {
      using world = worldWithRegistry();
      world.engine.fault({ method: 'pullImage', error: new EngineRefusal(500, message) });
      const failure = await pull(world);
      expect(failure, message).toMatchObject({ code: 'base-unusable', exitStatus: 14 });
      expect(failure).toMatchObject({
        message: expect.stringMatching(why) as string,
        hint: expect.stringMatching(hint) as string,
      });
      expect((failure as Failure).message).toContain(message);
    }
  });

  it.each(['unauthorized: authentication required', 'manifest unknown', 'no such host'])(
    'is not repeated when the registry says no: %s',
    async (message) => {
      using world = worldWithRegistry();
      world.engine.fault({ method: 'pullImage', error: new EngineRefusal(500, message) });
      await pull(world);
      expect(world.calls('pullImage')).toHaveLength(1);
    },
  );

  it('passes on that the engine was lost', async () => {
    using world = worldWithRegistry();
    const lost = new Failure('engine-lost', 'lost');
    world.engine.fault({ method: 'pullImage', error: lost });
    expect(await pull(world)).toBe(lost);
  });

  it('ends with the reason of an abort, while it pulls and while it waits', async () => {
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

  it('says so when the engine does not have what it said it pulled', async () => {
    using world = worldWithRegistry();
    world.engine.pullImage = () => Promise.resolve();
    expect(await pull(world)).toMatchObject({
      code: 'base-unusable',
      message: expect.stringContaining('does not have it') as string,
    });
  });
});
