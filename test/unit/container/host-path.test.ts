import { describe, expect, it } from 'vitest';
import { checkHostPath, checkWritable } from '../../../src/container/host-path.ts';
import { chooseMount } from '../../../src/container/mounts.ts';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { baseName, BuildWorld } from '../builder/build-world.ts';

const workspace = { run: '0123456789abcdef', volume: 'gentoo-builder-0123456789abcdef' };
const path = chooseMount('logs', '/srv/logs', undefined);
const volume = chooseMount('binpkgs', 'mine', undefined);

describe('a directory of the host', () => {
  it('is mounted in a container that is never started, to see whether it exists', async () => {
    using world = new BuildWorld();
    await checkHostPath(world.context, workspace, path, baseName);
    expect(world.calls('createContainer')).toMatchObject([
      [expect.any(String), { image: baseName, mounts: [{}, { type: 'bind', source: '/srv/logs', target: '/mnt' }] }],
    ]);
    expect(world.calls('startContainer')).toEqual([]);
    expect(world.left.containers).toEqual([]);
  });

  it('is refused if it does not exist', async () => {
    using world = new BuildWorld();
    const message = 'invalid mount config for type "bind": bind source path does not exist: /srv/logs';
    world.engine.fault({ method: 'createContainer', error: new EngineRefusal(400, message) });
    await expect(checkHostPath(world.context, workspace, path, baseName)).rejects.toMatchObject({
      code: 'mount-unusable',
      message: `failed to mount /srv/logs: ${message}`,
      hint: "create it on the engine's host: mkdir -p /srv/logs; or name a volume",
    });
  });

  it('is not blamed for another refusal', async () => {
    using world = new BuildWorld();
    const refusal = new EngineRefusal(500, 'ill');
    world.engine.fault({ method: 'createContainer', error: refusal });
    await expect(checkHostPath(world.context, workspace, path, baseName)).rejects.toBe(refusal);
  });

  it('is not checked without an image, and a volume is not checked', async () => {
    using world = new BuildWorld();
    await checkHostPath(world.context, workspace, path, undefined);
    await checkHostPath(world.context, workspace, volume, baseName);
    expect(world.calls('createContainer')).toEqual([]);
  });
});

describe('a mount that the build writes to', () => {
  it('is refused if it is read-only', () => {
    expect(() => checkWritable(volume)).not.toThrow();
    expect(() => checkWritable({ ...volume, readOnly: true })).toThrow(
      expect.objectContaining({
        message: 'failed to use the volume mine for binpkgs: it is mounted read-only',
        hint: 'mount it without :ro, or build without binary packages: --no-binpkgs',
      }),
    );
    expect(() => checkWritable({ ...path, readOnly: true })).toThrow(
      expect.objectContaining({
        message: 'failed to use /srv/logs for logs: it is mounted read-only',
        hint: 'mount it without :ro',
      }),
    );
  });
});
