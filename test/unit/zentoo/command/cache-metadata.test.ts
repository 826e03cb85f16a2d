import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { updateMetadataCommand } from '../../../../src/emerge/metadata-cache.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { Failure } from '../../../../src/failure.ts';
import { cacheMetadata } from '../../../../src/zentoo/command/cache-metadata.ts';
import type { SiteRun } from '../../../../src/zentoo/run/site-run.ts';
import { fakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { nothing } from '../../builder/build-world.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const gentoo = { name: 'gentoo', location: '/var/db/repos/gentoo', syncType: 'git', syncUri: '', autoSync: true };
const lab = { ...gentoo, name: 'lab', location: '/var/db/repos/lab' };
const revisions = new Map([
  ['gentoo', 'a'.repeat(40)],
  ['lab', 'b'.repeat(40)],
]);

/** A site with the repositories gentoo and lab; the files of their trees. */
function open(trees: { gentoo?: Record<string, string>; lab?: Record<string, string> } = {}) {
  const tuple = tupleOfSet('tools');
  const world = new SiteBuildWorld([{ ...tuple, portage: { ...tuple.portage, repositories: [gentoo, lab] } }]);
  const addTree = (name: 'gentoo' | 'lab') =>
    world.addVolume(`zentoo-net-repository-${name}`, { '/profiles/repo_name': `${name}\n`, ...trees[name] });
  addTree('gentoo');
  addTree('lab');
  world.addVolume('zentoo-net-metadata');
  // Plays `update-metadata.sh`, which is a job.
  world.sitePortage.jobs.set('metadata', ({ command, container }) => {
    const [repository = '', directory = '', mark = '', stamp = ''] = command.slice(
      command.indexOf('zentoo-metadata') + 1,
    );
    sourced.push(repository);
    const { files } = container.filesAt('/var/cache/edb/dep');
    for (const [path, file] of fakeFiles({ [`${directory}/a/b-1`]: '', [mark]: stamp }))
      files.set(path.replace('/var/cache/edb/dep', ''), file);
    return 0;
  });
  const repositories = [gentoo, lab].map((one) => ({ ...one, branches: ['base'] }));
  const sourced: string[] = [];
  return { world, run: world.siteRun({ repositories }), sourced };
}

const warnings = ({ events }: SiteBuildWorld) => events.filter(({ type }) => type === 'warning');

describe('case 5.11: the metadata cache of a site', () => {
  it('is written for each tree that ships none, under a shared lock of the trees, in a container that alone mounts it writable', async () => {
    const { world, run, sourced } = open({ gentoo: { '/metadata/md5-cache/a/b-1': '' } });
    using _world = world;
    await cacheMetadata(run, revisions);
    expect(sourced).toEqual(['lab']);
    const [, spec] =
      world.calls('createContainer').find(([, each]) => JSON.stringify(each).includes('openStdin')) ?? [];
    expect(spec).toMatchObject({
      mounts: expect.arrayContaining([
        { type: 'volume', source: 'zentoo-net-metadata', target: '/var/cache/edb/dep', readOnly: false },
        expect.objectContaining({ target: '/var/db/repos/gentoo', readOnly: true }),
        expect.objectContaining({ target: '/var/db/repos/lab', readOnly: true }),
      ]) as object[],
    });
    const [command = []] = world.sitePortage.runs('metadata');
    expect(command.filter((word) => word === '--shared')).toHaveLength(2);
    expect(world.events).toContainEqual({
      ...{ type: 'step-started', step: 'metadata', task: 'lab', detail: 'its tree has no metadata cache' },
    });
    expect([warnings(world), world.left]).toEqual([[], nothing]);
  });

  it('is written once per revision of a tree and of the trees beside it, whose eclasses its ebuilds may inherit', async () => {
    const { world, run, sourced } = open({ gentoo: { '/metadata/md5-cache/a/b-1': '' } });
    using _world = world;
    const sync = (gentooAt: string, stage: Partial<SiteRun> = {}) =>
      cacheMetadata({ ...run, ...stage }, new Map(revisions).set('gentoo', gentooAt));
    for (const at of ['1', '1', '2', '2', '1']) await sync(at);
    expect(sourced).toHaveLength(3);
    await sync('1', { tuples: run.tuples.map((work) => ({ ...work, stage: { ...work.stage, image: undefined } })) });
    expect(sourced).toHaveLength(4);
  });

  it('is written again if something else is in its place', async () => {
    const { world, run, sourced } = open({ gentoo: { '/metadata/md5-cache/a/b-1': '' } });
    using _world = world;
    await cacheMetadata(run, revisions);
    const { files = new Map<string, never>() } = world.engine.volumes.get('zentoo-net-metadata') ?? {};
    for (const path of [...files.keys()]) if (path.startsWith('/var')) files.delete(path);
    await cacheMetadata(run, revisions);
    expect(sourced).toEqual(['lab', 'lab']);
  });

  it('starts no container if every tree ships its own, of either format, and looks at no tree that is missing', async () => {
    const own = { '/metadata/cache/a/b-1': '' };
    const { world, run, sourced } = open({ gentoo: own });
    using _world = world;
    await cacheMetadata(run, new Map([['gentoo', 'a']]));
    expect([sourced, world.calls('startContainer')]).toEqual([[], []]);
  });

  it('that cannot be written is a warning, and the next tree still gets its own', async () => {
    const { world, run } = open();
    using _world = world;
    world.sitePortage.jobs.set('metadata', ({ print, command }) => {
      if (command.includes('lab')) return 0;
      print('OSError: [Errno 28] No space left on device\n');
      return 143;
    });
    await cacheMetadata(run, revisions);
    expect(warnings(world)).toEqual([
      {
        type: 'warning',
        message:
          'the metadata of the ebuild repository gentoo was not cached in the volume zentoo-net-metadata: egencache ended with 143: OSError: [Errno 28] No space left on device',
        hint: 'each emerge sources the ebuilds again, which takes time; to begin with an empty cache: docker volume rm zentoo-net-metadata',
      },
    ]);
    expect(world.sitePortage.runs('metadata')).toHaveLength(2);
    expect(world.left).toEqual(nothing);
  });

  it('is a warning if its container does not start, and an error if the user ends zentoo', async () => {
    const { world, run } = open({ gentoo: { '/metadata/md5-cache/a/b-1': '' } });
    using _world = world;
    world.engine.fault({ method: 'startContainer', nth: 1, error: new EngineRefusal(500, 'ill') });
    await cacheMetadata(run, revisions);
    expect(warnings(world)).toMatchObject([{ message: expect.stringContaining('ill') as string }]);
    const signal = AbortSignal.abort(new Failure('interrupted', 'interrupted by SIGINT'));
    await expect(cacheMetadata({ ...run, signal }, revisions)).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('case 5.11: the program that writes the metadata', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'update-metadata-'));
    mkdirSync(join(directory, 'bin'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Runs it with an egencache that prints its arguments to a file and ends with `status`. */
  function run(status: number): { words: string; marks: readonly string[]; status: number } {
    const egencache = join(directory, 'bin/egencache');
    writeFileSync(egencache, `#!/bin/sh\necho "$@" >${directory}/words\nexit ${status}\n`);
    chmodSync(egencache, 0o755);
    const [program = '', ...args] = updateMetadataCommand(
      { name: 'lab', location: '/var/db/repos/lab' },
      join(directory, 'marks/lab'),
      'stamp',
    ).map((word) => word.replace('/var/cache/edb/dep', join(directory, 'cache')));
    const env = { ...process.env, PATH: `${directory}/bin:${process.env['PATH']}` };
    let ended = 0;
    try {
      execFileSync(program, args, { env });
    } catch (error) {
      ended = (error as { status: number }).status;
    }
    const words = readFileSync(join(directory, 'words'), 'utf8');
    const marks = readdirSync(directory).includes('marks') ? readdirSync(join(directory, 'marks')) : [];
    return { words, marks, status: ended };
  }

  it('writes to the external cache only, and then its mark', () => {
    const { words, marks } = run(0);
    expect(words).toMatch(
      /^--ignore-default-opts --update --external-cache-only --tolerant --repo=lab --jobs=[1-9]\d*\n$/,
    );
    expect(marks).toEqual(['lab']);
    expect(readFileSync(join(directory, 'marks/lab'), 'utf8')).toBe('stamp\n');
  });

  it('writes no mark if egencache fails, and ends with its status', () => {
    expect(run(3)).toMatchObject({ marks: [], status: 3 });
  });
});
