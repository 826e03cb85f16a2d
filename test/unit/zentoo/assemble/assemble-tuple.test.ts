import { describe, expect, it } from 'vitest';
import { branch, commits, portageBranch, tupleOf } from '../../plan/sites.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';
import { tupleWithTree } from '../site-world.ts';

const tools = tupleOfSet('tools');

/** The command of the only run of a job. */
function commandOf(world: SiteBuildWorld, name: string): readonly string[] {
  const [ran, ...others] = world.sitePortage.ran.filter((one) => one.name === name);
  expect(others).toEqual([]);
  return ran?.request.command ?? [];
}

describe('the root of a tuple', () => {
  it('is assembled from the store alone, with its set and the system, and newer packages replace those of the stage', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    const command = commandOf(world, 'emerge-assemble');
    const options = ['--usepkgonly', '--getbinpkg=n', '--binpkg-respect-use=y', '--update', '--deep', '--newuse'];
    expect(command).toEqual(expect.arrayContaining([...options, '--rebuilt-binaries']));
    expect(command.slice(-2)).toEqual(['@system', '@tools']);
    const environment = world.sitePortage.ran.find(({ name }) => name === 'emerge-assemble')?.request.environment;
    expect(environment?.['FEATURES']).not.toContain('buildpkg');
  });

  it('is checked against the store before and after it is merged', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    const questions = world.sitePortage.runs('check-root.py').map(([question]) => question);
    expect(questions.slice(-2)).toEqual(['missing', 'installed']);
  });

  it('is refused if Portage left out a package and ended with 0', async () => {
    using world = new SiteBuildWorld();
    world.sitePortage.jobs.set('emerge-assemble', () => 0);
    expect((await world.build()).outcomes).toMatchObject([
      {
        type: 'failed',
        failures: [
          {
            code: 'package-missing',
            message: expect.stringContaining('failed to assemble the root from the store: ') as string,
          },
        ],
      },
    ]);
    expect(world.engine.imageNames.has(imageOf(tools))).toBe(false);
  });

  it('case 5.9: tells that the store lacks a package, and names no similar one and no sync', async () => {
    using world = new SiteBuildWorld();
    world.sitePortage.jobs.set('emerge-assemble', ({ print }) => {
      print('emerge: there are no binary packages to satisfy "dev-libs/lib".\n');
      print('(dependency required by "app-misc/tools-1::gentoo" [binary])\n');
      return 1;
    });
    const [outcome] = (await world.build()).outcomes;
    const [failure] = outcome?.type === 'failed' ? outcome.failures : [];
    expect(failure?.message).toContain(
      'failed to emerge app-misc/tools-1: there are no binary packages to satisfy "dev-libs/lib"',
    );
    expect(failure?.hint).toMatch(/^the store lacks this package: build again/);
    expect(failure?.hint).not.toMatch(/sync|EMERGE_DEFAULT_OPTS/);
  });

  it('has its hooks run for the tuple, before and after it is merged', async () => {
    const hooks = branch('plain', commits[1], { assemble: '#!/bin/sh', finish: '#!/bin/sh' });
    using world = new SiteBuildWorld([tupleOfSet('tools', { buildhooks: hooks })]);
    await world.build();
    const ran = world.sitePortage.ran.filter(({ name }) => /^(?:hook-|emerge-assemble)/.test(name));
    expect(ran.map(({ name }) => name)).toEqual(['hook-assemble', 'emerge-assemble', 'hook-finish']);
    for (const { request } of [ran[0], ran[2]].flatMap((one) => one ?? []))
      expect(request.environment).toMatchObject({
        ...{ ZENTOO_TUPLE: tools.name, ZENTOO_PACKAGES: 'tools', ZENTOO_ROOT: '/', ZENTOO_STAGE: 'ministage' },
        ...{ ZENTOO_SITE: 'net', ZENTOO_CPU: 'x86-64', ZENTOO_CHOST: 'x86_64-pc-linux-gnu' },
        ...{ ZENTOO_PORTAGE: 'base', ZENTOO_PORTAGE_COMMIT: commits[0] },
        ...{ ZENTOO_BUILDHOOKS: 'plain', ZENTOO_BUILDHOOKS_COMMIT: commits[1] },
      });
  });

  it('is made in steps that are reported with their objects', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    const started = world.events.flatMap((event) => (event.type === 'step-started' ? [event] : [])).slice(-2);
    expect(started).toMatchObject([
      { step: 'assemble', task: tools.name, detail: 'from gentoo-ministage' },
      { step: 'commit', task: tools.name, detail: imageOf(tools) },
    ]);
  });

  it('of a cross tuple has no links to the repositories in its image', async () => {
    const cpu = { ...tupleOf().cpu, name: 'musl', chost: 'x86_64-pc-linux-musl' };
    const musl = tupleOfSet('tools', { name: 'musl-base-plain-tools', cross: true, cpu });
    using world = new SiteBuildWorld([musl, tools]);
    await world.build();
    const names = world.sitePortage.ran.map(({ name }) => name);
    expect(names.filter((name) => name === 'unlink-repositories')).toHaveLength(1);
    expect(names.indexOf('unlink-repositories')).toBeGreaterThan(names.indexOf('emerge-assemble'));
    expect(world.sitePortage.runs('unlink-repositories')[0]?.[0]).toMatch(/^\/usr\/x86_64-pc-linux-musl\//);
  });
});

describe('configuration files that Portage left beside others', () => {
  const rules = { 'zentoo/protected-files': '/etc/ssh/* old\n' };
  const tuple = tupleOfSet('tools', {
    portage: {
      ...tupleWithTree().portage,
      ...portageBranch('base', commits[0], rules),
      repositories: tupleWithTree().portage.repositories,
    },
  });
  const left = '/etc/._cfg0000_hosts\0/etc/ssh/._cfg0000_sshd_config\0/etc/._cfg0001_hosts\0';

  it('are resolved by the rules of the branch, and each file is reported once', async () => {
    using world = new SiteBuildWorld([tuple]);
    world.sitePortage.answers.set('find-protected', { stdout: left });
    expect((await world.build()).outcomes).toMatchObject([{ type: 'built' }]);
    const list = '/var/tmp/portage/.gentoo-builder/merge-began';
    expect(world.sitePortage.runs('find-protected')).toEqual([
      ['begin', '/', list],
      ['end', '/', list],
    ]);
    expect(world.sitePortage.runs('protected-files')).toEqual([
      [
        ...['new', '/etc/._cfg0000_hosts', '/etc/hosts', 'new', '/etc/._cfg0001_hosts', '/etc/hosts'],
        ...['old', '/etc/ssh/._cfg0000_sshd_config', '/etc/ssh/sshd_config'],
      ],
    ]);
    const notes = world.messages('note').filter((note) => note.includes(' took '));
    expect(notes).toEqual([
      `${tuple.name}: /etc/hosts: took the new one`,
      `${tuple.name}: /etc/ssh/sshd_config: took the old one`,
    ]);
  });

  it('fail the assembly if they cannot be resolved', async () => {
    using world = new SiteBuildWorld([tuple]);
    world.sitePortage.answers.set('find-protected', { stdout: left });
    world.sitePortage.answers.set('protected-files', { exitCode: 1, stderr: 'mv: no space\n' });
    expect((await world.build()).outcomes).toMatchObject([
      {
        type: 'failed',
        failures: [
          {
            code: 'assemble-failed',
            message: expect.stringContaining('failed to resolve protected configuration files: mv: no space') as string,
          },
        ],
      },
    ]);
  });

  it('need no program if there are none', async () => {
    using world = new SiteBuildWorld([tuple]);
    await world.build();
    expect(world.sitePortage.runs('protected-files')).toEqual([]);
  });
});
