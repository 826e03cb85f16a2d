import { chmodSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSite } from '../../../src/site/read/read-site.ts';
import { asOther } from '../support/as-other.ts';
import { git, temporaryDirectory, writeFiles } from './git-program.ts';
import { commitFiles, portage } from './site-changes.ts';
import { readOrExplain, temporarySite } from './sites.ts';

/** A site whose config/portage is a clone of `upstream`, which knows that by another name than origin. */
function clonedSite(remote: string) {
  const directory = temporarySite();
  const origins = temporaryDirectory();
  const upstream = join(origins.path, 'portage');
  renameSync(portage(directory.path), upstream);
  git(directory.path, 'clone', '--quiet', '--origin', remote, upstream, 'config/portage');
  const dispose = () => [directory, origins].forEach((one) => one[Symbol.dispose]());
  return { path: directory.path, upstream, origins: origins.path, [Symbol.dispose]: dispose };
}

describe('the branches of a clone', () => {
  it.each(['upstream', 'some/where'])('count where it calls its origin %s', (remote) => {
    using site = clonedSite(remote);
    const commits = ['base', 'base', 'musl'].map((name) => git(site.upstream, 'rev-parse', name).trim());
    expect(readSite(site.path).tuples.map((tuple) => tuple.portage.commit)).toEqual(commits);
    git(portage(site.path), 'pack-refs', '--all');
    expect(readSite(site.path).tuples.map((tuple) => tuple.portage.commit)).toEqual(commits);
  });

  it('are left behind by whatever name', () => {
    using site = clonedSite('upstream');
    commitFiles(site.upstream, { 'package.mask': 'a/b\n' });
    git(portage(site.path), 'fetch', '--quiet', 'upstream');
    git(portage(site.path), 'checkout', '--quiet', '--detach', 'upstream/base');
    const origin = git(site.upstream, 'rev-parse', 'base').trim();
    expect(readSite(site.path).leftBehind).toMatchObject([{ name: 'base', remote: 'upstream', origin }]);
  });

  it('may be those of several, as long as these agree or there is one here', () => {
    using site = clonedSite('upstream');
    const fork = join(site.origins, 'fork');
    git(site.origins, 'clone', '--quiet', site.upstream, fork);
    git(fork, 'checkout', '--quiet', '-b', 'musl', 'origin/musl');
    git(portage(site.path), 'remote', 'add', 'fork', fork);
    git(portage(site.path), 'fetch', '--quiet', 'fork');
    expect(readSite(site.path).tuples).toHaveLength(3);
    commitFiles(fork, { 'package.mask': 'a/b\n' });
    git(portage(site.path), 'fetch', '--quiet', 'fork');
    expect(readOrExplain(site.path)).toEqual([
      'config/portage@musl:1:1: the remotes fork and upstream have different commits of this branch, and there is no local one: ' +
        'git branch musl fork/musl, or another remote',
    ]);
    git(portage(site.path), 'branch', 'musl', 'fork/musl');
    const commit = git(fork, 'rev-parse', 'musl').trim();
    expect(readSite(site.path).tuples[2]?.portage.commit).toBe(commit);
  });
});

describe('a working tree that cannot be read', () => {
  it('makes the warning of uncommitted work incomplete, and nothing else', () => {
    using directory = temporarySite();
    const tree = portage(directory.path);
    writeFiles(tree, { 'package.use/greet': 'changed\n', 'make.conf': 'changed\n', 'secret/new': '' });
    chmodSync(directory.path, 0o755);
    const hidden = ['package.use', 'make.conf', 'secret'].map((name) => join(tree, name));
    for (const path of hidden) chmodSync(path, 0);
    try {
      const { tuples, uncommitted } = asOther(() => readSite(directory.path));
      expect(tuples).toHaveLength(3);
      expect(uncommitted).toEqual([
        {
          repository: 'config/portage',
          branch: 'base',
          paths: [],
          unread: ['make.conf', 'package.use/', 'secret/'],
        },
      ]);
    } finally {
      for (const path of hidden) chmodSync(path, 0o755);
    }
  });
});
