import { describe, expect, it } from 'vitest';
import { tupleNamed, type SiteRun } from '../../../../src/zentoo/run/site-run.ts';
import { withRootContainer } from '../../../../src/zentoo/root/with-root-container.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

const tuple = tupleWithTree();

function open(run: SiteRun, work: () => Promise<string>): Promise<string> {
  const { stage: base } = tupleNamed(run, tuple.name);
  const request = { base, portage: tuple.portage, subject: 'test', step: 'compile', store: 'read-only' } as const;
  return withRootContainer(run, request, work);
}

describe('the container of a root', () => {
  it('has the limits of the site, its trees, its store and its metadata cache, and is removed', async () => {
    using world = new SiteWorld();
    const run = world.run({ limits: { memory: 2 ** 30, cpus: 1.5, bigPackages: [] } });
    expect(await open(run, () => Promise.resolve('done'))).toBe('done');
    expect(world.calls('createContainer')[0]?.[1]).toMatchObject({
      memory: 2 ** 30,
      cpus: 1.5,
      mounts: expect.arrayContaining([
        expect.objectContaining({ target: '/var/db/repos/gentoo', readOnly: true }),
        expect.objectContaining({ target: '/var/cache/binpkgs', readOnly: true }),
        { type: 'volume', source: 'zentoo-net-metadata', target: '/var/cache/edb/dep', readOnly: true },
      ]) as unknown,
    });
    expect(world.left).toMatchObject({ containers: [], workspaces: [] });
  });

  it('case 3.12: has no limit of processors that the machine does not have, because Docker refuses it', async () => {
    using world = new SiteWorld();
    for (const [cpus, limit] of [
      [3.5, 3.5],
      [4, undefined],
      [99, undefined],
    ] as const) {
      world.engine.engineInfo = { ...world.engine.engineInfo, cpus: 4 };
      await open(world.run({ limits: { memory: undefined, cpus, bigPackages: [] } }), () => Promise.resolve('done'));
      expect(world.calls('createContainer').at(-1)?.[1]).toHaveProperty('cpus', limit);
    }
  });

  it.each([
    ['is removed after a failure', false, 0],
    ['is kept after a failure with --keep-failed', true, 1],
  ])('%s', async (_name, keepFailed, kept) => {
    using world = new SiteWorld();
    const run = { ...world.run(), keepFailed };
    await expect(open(run, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(world.left.containers).toHaveLength(kept);
  });
});
