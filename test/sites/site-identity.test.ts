import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { makeTrees, siteYaml, ZentooSite, type SharedTrees } from '../support/zentoo-site.ts';
import { commitAll, git } from '../unit/site/git-program.ts';

/** The one tuple of the site. */
const tuple = 'plain-base-plain-clock';
const program = join(import.meta.dirname, '../../src/zentoo.ts');

describe('case 4.7: the identity of a site', () => {
  const site = new ZentooSite('identity');
  const clone = `${site.path}-clone`;
  const copy = `${site.path}-copy`;
  let trees: SharedTrees & AsyncDisposable;

  beforeAll(async () => {
    trees = await makeTrees();
    site.write('site.yaml', siteYaml(site, { gentoo: trees.gentoo }, { more: `id: ${site.id}\n` }));
    site.write('config/tuples', `${tuple}\n`);
    site.write('config/sets/clock', 'app-misc/timepiece:2\n');
    cpSync(site.path, clone, { recursive: true, verbatimSymlinks: true });
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  const zentoo = (directory: string, ...args: readonly string[]) =>
    runProgram(process.execPath, [program, ...args], { cwd: directory, env: process.env });
  const build = async (directory: string, ...args: readonly string[]) => {
    const outcome = await zentoo(directory, 'build', '--json', ...args);
    const { tuples = [] } = JSON.parse(outcome.stdout || '{}') as { readonly tuples?: { readonly type: string }[] };
    return { ...outcome, types: tuples.map(({ type }) => type) };
  };
  const volumes = async () => {
    const { Volumes } = await rawDocker().listVolumes();
    return Volumes.map(({ Name }) => Name).filter((name) => name.includes(site.name) || name.includes(site.id));
  };
  const imageId = async () => (await rawDocker().getImage(`zentoo/${site.name}/${tuple}`).inspect()).Id;

  it('is not registered on the engine by list and plan', async () => {
    for (const args of [['list'], ['plan']]) {
      const { status, stderr } = await zentoo(site.path, ...args);
      expect(status, stderr).toBe(0);
    }
    expect((await volumes()).filter((name) => /-(?:site|state)$/.test(name))).toEqual([]);
  });

  it('is the same in a clone at another path: the clone builds nothing again', async () => {
    const first = await build(site.path);
    expect([first.status, first.types], first.stderr).toEqual([0, ['built']]);
    const second = await build(clone);
    expect([second.status, second.types], second.stderr).toEqual([0, ['unchanged']]);
    expect(await volumes()).toEqual(expect.arrayContaining([`zentoo-${site.name}-site`, `zentoo-${site.id}-state`]));
  });

  it('is refused for a copy with another name, until the copy has a new id', async () => {
    cpSync(site.path, copy, { recursive: true, verbatimSymlinks: true });
    const path = join(copy, 'site.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^name: .*$/m, `name: ${site.name}-copy`));
    const refused = await build(copy);
    expect(refused.status, refused.stderr).toBe(20);
    expect(refused.stderr).toContain(`the site ${site.name} has the same id, and this one is called ${site.name}-copy`);
    expect(refused.stderr).toContain('zentoo init --new-id');
    const { status, stdout } = await zentoo(copy, 'init', '--new-id', '--json');
    expect(status).toBe(0);
    const { id } = JSON.parse(stdout) as { readonly id: string };
    const listed = await zentoo(copy, 'list');
    expect([listed.status, listed.stderr.includes('has the same id')]).toEqual([0, false]);
    const other = await build(copy);
    expect([other.status, other.types], other.stderr).toEqual([0, ['built']]);
    for (const name of ['binpkgs', 'state']) await rawDocker().getVolume(`zentoo-${id}-${name}`).remove();
  });

  it('moves an image forward only: a clone that is behind needs --force', async () => {
    const portage = join(site.path, 'config/portage');
    git(portage, 'checkout', '--quiet', 'base');
    writeFileSync(join(portage, 'package.use/clock'), 'app-misc/timepiece -doc\n');
    commitAll(portage);
    const ahead = await build(site.path);
    expect([ahead.status, ahead.types], ahead.stderr).toEqual([0, ['built']]);
    const newest = await imageId();
    const behind = await build(clone);
    expect(behind.status, behind.stderr).toBe(23);
    expect(behind.stderr).toContain('of the branch base of config/portage does not contain');
    expect(await imageId()).toBe(newest);
    const forced = await build(clone, '--force');
    expect([forced.status, forced.types], forced.stderr).toEqual([0, ['built']]);
    expect(await imageId()).not.toBe(newest);
  });
});

describe('case 4.7: a site without an id', () => {
  const site = new ZentooSite('adopted');
  let trees: SharedTrees & AsyncDisposable;

  beforeAll(async () => {
    trees = await makeTrees();
    site.write('site.yaml', siteYaml(site, { gentoo: trees.gentoo }));
    site.write('config/tuples', `${tuple}\n`);
    site.write('config/sets/clock', 'app-misc/timepiece:2\n');
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('works in its directory, and after zentoo adopt in every clone, with the same volumes and images', async () => {
    const first = await site.build();
    expect([first.status, first.tuples.get(tuple)?.type], first.stderr).toEqual([0, 'built']);
    const clone = `${site.path}-clone`;
    cpSync(site.path, clone, { recursive: true, verbatimSymlinks: true });
    const elsewhere = (...args: readonly string[]) =>
      runProgram(process.execPath, [program, ...args], { cwd: clone, env: process.env });
    const refused = await elsewhere('build');
    expect(refused.status, refused.stderr).toBe(20);
    expect(refused.stderr).toContain(`zentoo adopt --from '${site.path}' here`);
    const { status, stdout, stderr } = await site.run(['adopt', '--json']);
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      isNewId: true,
      from: site.path,
      volumes: `zentoo-${site.name}`,
      images: expect.arrayContaining([`zentoo/${site.name}/${tuple}:latest`]),
    });
    writeFileSync(join(clone, 'site.yaml'), site.read('site.yaml'));
    const after = await elsewhere('build');
    expect(after.status, after.stderr).toBe(0);
    expect(after.stdout).toContain('unchanged');
  });
});
