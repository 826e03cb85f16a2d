import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as origin from '../../../../src/portage/configuration/repository-origin.ts';
import { projectDirectory } from '../../../support/documents.ts';

/** What the program of gentoo-base prints about a tree with these files. */
function explainInBase(
  files: origin.OriginFiles,
  { name, syncType, syncUri }: Parameters<typeof origin.explainOtherOrigin>[1],
  { syncs }: { readonly syncs: boolean },
): string | undefined {
  const tree = mkdtempSync(join(tmpdir(), 'origin-'));
  const texts = {
    'profiles/repo_name': files.repoName,
    'metadata/layout.conf': files.layoutConf,
    '.git/config': files.gitConfig,
    'metadata/timestamp.chk': files.timestamp,
  };
  for (const [path, text] of Object.entries(texts)) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const program = join(projectDirectory, 'gentoo-base/check-origin');
  const args = [tree, name, syncType, syncUri, ...(syncs ? ['sync'] : [])];
  const { status, stdout, stderr } = spawnSync('python3', ['-I', program, ...args], { encoding: 'utf8' });
  rmSync(tree, { recursive: true });
  expect({ status, stderr }).toEqual({ status: stdout === '' ? 0 : 1, stderr: '' });
  return stdout === '' ? undefined : stdout.trimEnd();
}

/** The explanation of gentoo-builder and zentoo, which is that of gentoo-base, too. */
const explainOtherOrigin: typeof origin.explainOtherOrigin = (...question) => {
  const why = origin.explainOtherOrigin(...question);
  expect(explainInBase(...question)).toBe(why);
  return why;
};

const named = { repoName: 'gentoo\n', layoutConf: undefined };
const git = (url: string) =>
  `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${url}\n\tfetch = +refs/heads/*:x\n[branch "m"]\n`;
const gitTree = (url = 'https://a/gentoo.git') => ({ ...named, gitConfig: git(url), timestamp: undefined });
const rsyncTree = { ...named, gitConfig: undefined, timestamp: 'Mon, 01 Jan 2026 00:00:00 +0000' };
const byGit = { name: 'gentoo', syncType: 'git', syncUri: 'https://a/gentoo.git' };
const byRsync = { name: 'gentoo', syncType: 'rsync', syncUri: 'rsync://r/gentoo-portage' };

describe('case 5.3: a tree', () => {
  it.each([
    [
      'of another name',
      { ...gitTree(), repoName: 'ministage\n' },
      byGit,
      'it has the repository ministage, and the base uses the repository gentoo',
    ],
    [
      'of another address',
      gitTree('https://b/other'),
      byGit,
      'it was synced by git from https://b/other, and the base syncs it by git from https://a/gentoo.git',
    ],
    [
      'of git',
      gitTree(),
      byRsync,
      'it was synced by git from https://a/gentoo.git, and the base syncs it by rsync from rsync://r/gentoo-portage',
    ],
    [
      'of git',
      gitTree(),
      { ...byRsync, syncType: 'webrsync', syncUri: '' },
      'it was synced by git from https://a/gentoo.git, and the base syncs it by webrsync',
    ],
    [
      'of rsync',
      rsyncTree,
      byGit,
      'it was synced by rsync or from a snapshot, and the base syncs it by git from https://a/gentoo.git',
    ],
  ])('%s is not the tree of the base', (_, files, repository, why) => {
    expect(explainOtherOrigin(files, repository, { syncs: true })).toBe(why);
  });

  it.each([
    ['same', gitTree(), byGit],
    ['same, without .git', gitTree('https://a/gentoo/'), { ...byGit, syncUri: 'https://a/gentoo' }],
    ['same path', gitTree('/srv/gentoo'), { ...byGit, syncUri: 'file:///srv/gentoo' }],
    ['same, by rsync', rsyncTree, byRsync],
    ['same, by snapshot', rsyncTree, { ...byRsync, syncType: 'webrsync' }],
    ['unknown', { repoName: undefined, layoutConf: undefined, gitConfig: '', timestamp: undefined }, byGit],
    ['not synced', gitTree('https://b'), { ...byGit, syncType: '' }],
    ['of no address', gitTree('https://b'), { ...byGit, syncUri: '' }],
  ])('of an origin that is %s may be the tree of the base', (_, files, repository) => {
    expect(explainOtherOrigin(files, repository, { syncs: true })).toBeUndefined();
  });

  it.each([
    ['masters = x\n repo-name =  other \n', 'gentoo', 'other'],
    ['repo-name = first\nrepo-name = other', 'gentoo', 'other'],
    ['repo-name = a b/c=d', 'gentoo', 'a-b-c-d'],
    ['repo-name = other', undefined, 'other'],
    ['#repo-name = x\nmy-repo-name = x\n', 'other\ngentoo', 'other'],
    ['repo-name = ../', ' -other! ', 'other'],
  ])('has the name of layout.conf %j, before that of profiles/repo_name', (layoutConf, repoName, name) => {
    const files = { ...gitTree(), layoutConf, repoName };
    expect(explainOtherOrigin(files, byGit, { syncs: false })).toBe(
      `it has the repository ${name}, and the base uses the repository gentoo`,
    );
    expect(explainOtherOrigin(files, { ...byGit, name }, { syncs: false })).toBeUndefined();
  });

  it('without a sync may have any origin, but not another name', () => {
    expect(explainOtherOrigin(gitTree('https://b'), byRsync, { syncs: false })).toBeUndefined();
    expect(explainOtherOrigin({ ...rsyncTree, repoName: 'x' }, byRsync, { syncs: false })).toContain('repository x');
  });

  it('has the addresses of remotes only', () => {
    const gitConfig = `[url "x"]\n\turl = https://a/gentoo\n[Remote "o"]\n\tURL = "https://b"\n`;
    expect(explainOtherOrigin({ ...gitTree(), gitConfig }, byGit, { syncs: true })).toContain('git from https://b,');
  });
});
