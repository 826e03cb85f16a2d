import { describe, expect, it } from 'vitest';
import {
  extendMakeConf,
  installConfiguration,
  installSets,
  writeMakeConf,
} from '../../../../src/zentoo/configure/install-configuration.ts';
import { branch, commits, tupleOf } from '../../plan/sites.ts';
import { openRootSession } from '../root-session.ts';

const { cpu } = tupleOf();
const directory = '/etc/portage';
const variables = { PKGDIR: '/store' };
const settings = [
  '# Settings of the CPU x86-64.',
  ...['CHOST="x86_64-pc-linux-gnu"', 'CFLAGS="-O2 -pipe"', 'CXXFLAGS="-O2 -pipe"', 'FFLAGS="-O2 -pipe"'],
  ...['FCFLAGS="-O2 -pipe"', 'CPU_FLAGS_X86="sse sse2"', 'PKGDIR="/store"', ''],
].join('\n');

const configurationOf = (files: Readonly<Record<string, string>>) => ({
  ...{ directory, cpu, variables },
  entries: branch('base', commits[0], files).entries,
});

describe('the /etc/portage of a branch', () => {
  it('replaces the former one, except the keys of gnupg, and has the settings of the CPU at the end of make.conf', async () => {
    const { session, ran, textOf } = await openRootSession();
    await installConfiguration(session, configurationOf({ 'make.conf': 'USE="a"', 'package.use/x': 'a/b c\n' }));
    expect(ran).toEqual([['clear-configuration', directory, 'gnupg']]);
    expect(textOf(`${directory}/make.conf`)).toBe(`USE="a"\n${settings}`);
    expect(textOf(`${directory}/package.use/x`)).toBe('a/b c\n');
  });

  it('replaces also gnupg if the branch has it', async () => {
    const { session, ran } = await openRootSession();
    await installConfiguration(session, configurationOf({ gnupg: '->/srv/keys' }));
    expect(ran[0]).toEqual(['clear-configuration', directory, '']);
    expect(ran[1]).toEqual(['links', directory, 'gnupg', '/srv/keys']);
  });

  it.each([
    ['a file that ends with a newline', { 'make.conf': 'USE="a"\n' }, 'make.conf', `USE="a"\n${settings}`],
    ['an empty file', { 'make.conf': '' }, 'make.conf', settings],
    ['missing', {}, 'make.conf', settings],
    ['a directory', { 'make.conf/10': 'USE="a"\n' }, 'make.conf/zzzz-zentoo.conf', settings],
    ['a directory with a name after ours', { 'make.conf/zzzzz': 'USE="a"\n' }, 'make.conf/zzzzz-zentoo.conf', settings],
  ])(
    'has the settings of the CPU where Portage reads them last if make.conf is %s',
    async (_what, files, path, text) => {
      const { session, textOf } = await openRootSession();
      await installConfiguration(session, configurationOf(files));
      expect(textOf(`${directory}/${path}`)).toBe(text);
      for (const [name, own] of Object.entries(files).filter(([name]) => name !== 'make.conf'))
        expect(textOf(`${directory}/${name}`)).toBe(own);
    },
  );

  it('has no PORTDIR and PORTDIR_OVERLAY, because trees are mounted where repos.conf says', async () => {
    const { session, textOf } = await openRootSession();
    const own = 'source more\nPORTDIR_OVERLAY="/usr/local/portage"\n';
    await installConfiguration(session, configurationOf({ 'make.conf': own, more: 'PORTDIR=/usr/portage\n' }));
    expect(textOf(`${directory}/make.conf`)).toBe(`${own}${settings}PORTDIR=""\nPORTDIR_OVERLAY=""\n`);
  });

  it('has the settings in a separate file if make.conf is a link to another file of the branch', async () => {
    const { session, ran, textOf } = await openRootSession();
    const files = { 'make.conf': '->common', common: 'USE="b"\n' };
    await installConfiguration(session, configurationOf(files));
    expect(textOf(`${directory}/make.conf`)).toBe(`USE="b"\n${settings}`);
    expect(ran).toHaveLength(1);
    await writeMakeConf(session, { ...configurationOf(files), variables: {} });
    expect(textOf(`${directory}/make.conf`)).toBe(`USE="b"\n${settings.replace('PKGDIR="/store"\n', '')}`);
  });

  it('is not installed if the former one cannot be removed', async () => {
    const { session } = await openRootSession({ 'clear-configuration': { exitCode: 1, stderr: 'find: no\n' } });
    await expect(installConfiguration(session, configurationOf({}))).rejects.toMatchObject({
      code: 'base-unusable',
      message: `failed to clear ${directory} of ${session.base}: find: no`,
      hint: 'use a stage with /bin/sh, find and rm',
    });
  });
});

it('sets are files of the directory sets', async () => {
  const { session, textOf } = await openRootSession();
  await installSets(session, directory, [
    { name: 'one', text: 'a/b\n' },
    { name: 'two', text: '@one\n' },
  ]);
  expect([textOf(`${directory}/sets/one`), textOf(`${directory}/sets/two`)]).toEqual(['a/b\n', '@one\n']);
});

describe('variables that are added to a make.conf', () => {
  it('are lines with escaped values, by default in /etc/portage', async () => {
    const { session, ran } = await openRootSession();
    await extendMakeConf(session, { A: 'b', C: 'd "e" $f' });
    await extendMakeConf(session, { A: 'b' }, '/usr/x/etc/portage');
    expect(ran).toEqual([
      ['make-conf', '/etc/portage', 'A="b"\nC="d \\"e\\" \\$f"\n'],
      ['make-conf', '/usr/x/etc/portage', 'A="b"\n'],
    ]);
  });

  it('are not added if the program fails', async () => {
    const { session } = await openRootSession({ 'make-conf': { exitCode: 1, stderr: 'read-only\n' } });
    await expect(extendMakeConf(session, {})).rejects.toMatchObject({
      code: 'base-unusable',
      message: `failed to write make.conf of ${session.base}: read-only`,
    });
  });
});
