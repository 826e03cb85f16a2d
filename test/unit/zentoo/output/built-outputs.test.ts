import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outputKinds } from '../../../../src/zentoo/output/output-kinds.ts';
import { tupleNamed } from '../../../../src/zentoo/run/site-run.ts';
import { branch, commits } from '../../plan/sites.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tools = tupleOfSet('tools', { outputs: ['image', 'archive'] });

describe('the outputs that a build makes', () => {
  it('are an image whose labels tell its site, its tuple and its inputs', async () => {
    using home = temporaryDirectory();
    using world = new SiteBuildWorld([tools]);
    const run = world.siteRun({}, { outputDirectory: home.path });
    await world.build(run);
    const { labels = {} } = (await world.engine.inspectImage(imageOf(tools))) ?? {};
    const { digest, inputs } = tupleNamed(run, tools.name).fingerprint;
    expect(labels).toMatchObject({
      'zentoo.site': 'net',
      'zentoo.tuple': tools.name,
      'zentoo.fingerprint': digest,
      'zentoo.partition': 'x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab',
    });
    for (const input of Object.values(inputs)) expect(labels['zentoo.inputs']).toContain(String(input));
  });

  it('are an archive whose manifest has its inputs', async () => {
    using home = temporaryDirectory();
    using world = new SiteBuildWorld([tools]);
    world.engine.addImage('gentoo-ministage', { ...world.stage, digests: ['gentoo/stage3@sha256:beef'] });
    const run = world.siteRun({}, { outputDirectory: home.path });
    const stage = { name: 'gentoo-ministage', image: { ...world.stage, digests: ['gentoo/stage3@sha256:beef'] } };
    await world.build({ ...run, tuples: run.tuples.map((work) => ({ ...work, stage })) });
    const manifest: unknown = JSON.parse(readFileSync(join(home.path, `${tools.name}.manifest.json`), 'utf8'));
    expect(manifest).toMatchObject({
      site: 'net',
      tuple: tools.name,
      created: expect.stringMatching(/^20\d\d-\d\d-\d\dT/) as string,
      fingerprint: tupleNamed(run, tools.name).fingerprint.digest,
      stage: { image: 'gentoo-ministage', id: world.stage.id, digest: 'sha256:beef' },
      cpu: 'x86-64',
      portage: { branch: 'base', commit: commits[0] },
      buildhooks: { branch: 'plain', commit: commits[1] },
      partition: 'x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab',
      trees: [{ repository: 'gentoo', revision: commits[2] }],
      packages: [
        { cpv: 'app-misc/tools-1.0', from: 'store' },
        { cpv: 'dev-libs/lib-2', from: 'store' },
      ],
    });
  });
});

describe('an archive', () => {
  it('is not a directory that has its name', () => {
    using home = temporaryDirectory();
    mkdirSync(join(home.path, `${tools.name}.tar.zst`));
    const place = { site: { name: 'net' }, outputDirectory: home.path };
    expect(outputKinds.archive.find(place, tools)).toEqual({ name: `${home.path}/${tools.name}.tar.zst`, found: null });
  });

  it('is made again if a hook of its branch changes, and the build says why', async () => {
    using home = temporaryDirectory();
    const archived = tupleOfSet('tools', { outputs: ['archive'] });
    using world = new SiteBuildWorld([archived]);
    const run = world.siteRun({}, { outputDirectory: home.path });
    await world.build(run);
    const changed = { ...archived, buildhooks: branch('plain', commits[3], { finish: '#!/bin/sh' }) };
    const work = tupleNamed(world.siteRun({ tuples: [changed] }), changed.name);
    const image = { image: undefined, why: [] };
    const { name, ...state } = await outputKinds.archive.check(run, work, image);
    expect(state).toMatchObject({ output: 'archive', why: ['its archive was built from other inputs'] });
    expect(state.found?.size).toBe(readFileSync(name).length);
    rmSync(name);
    expect(await outputKinds.archive.check(run, work, image)).toMatchObject({
      found: undefined,
      why: ['there is no archive yet'],
    });
  });
});
