import { describe, expect, test } from 'vitest';
import { siteWarnings, treeWarnings } from '../../../src/plan/warnings.ts';
import type { UncommittedWork } from '../../../src/site/site.ts';
import { siteOf } from './sites.ts';

const [old, now] = ['a'.repeat(40), 'b'.repeat(40)];

describe('a warning of a tree', () => {
  const tree = { repository: 'gentoo', revision: now, locked: now };
  const sync = 'run zentoo sync to update all trees and site.lock; until then, builds use the tree as it is';

  test('is absent if the tree is at the revision in site.lock', () => {
    expect(treeWarnings([tree])).toEqual([]);
  });

  test('tells the revisions, or that the tree is empty, and what to do', () => {
    expect(
      treeWarnings([
        { ...tree, locked: old },
        { ...tree, locked: undefined },
        { ...tree, revision: undefined },
      ]),
    ).toEqual([
      { message: 'the tree gentoo is at bbbbbbbbbb, and site.lock has aaaaaaaaaa', hint: sync },
      { message: 'the tree gentoo is at bbbbbbbbbb, and site.lock has no revision of it', hint: sync },
      { message: 'the tree gentoo is empty: nothing can be built from it', hint: 'zentoo sync' },
    ]);
  });

  test('shortens commits, and no time stamp or word', () => {
    const messageFor = (revision: string) => treeWarnings([{ ...tree, revision, locked: undefined }])[0]?.message;
    expect(messageFor('0123456789abcdef')).toContain(' at 0123456789,');
    for (const revision of ['Sun, 22 Nov 2026 00:45:00 +0000', '0123456789a', `${now}-dirty`, `v${now}`])
      expect(messageFor(revision)).toContain(` at ${revision},`);
  });
});

test('case 2.4: a setting that Portage takes for empty is a warning with its position', () => {
  const place = { file: 'config/portage@base:make.conf', line: 3, column: 1 };
  expect(siteWarnings(siteOf({ notes: [{ place, message: 'MAKEOPTS is empty' }] }), 'net')).toEqual([
    { message: 'config/portage@base:make.conf:3:1: MAKEOPTS is empty', hint: undefined },
  ]);
});

describe('a warning of work that is not built', () => {
  const uncommitted: UncommittedWork = {
    ...{ repository: 'config/portage', branch: 'base', paths: ['a', 'b', 'c'], unread: [] },
  };
  const warningsOf = (changes: Partial<UncommittedWork>, path = '/srv/net') =>
    siteWarnings(siteOf({ uncommitted: [{ ...uncommitted, ...changes }] }), path);

  test('names the first file, the number of the others, and the command that commits them', () => {
    expect(warningsOf({})).toEqual([
      {
        message: 'there is uncommitted work in config/portage (base), which is not built: a and 2 more',
        hint: 'git -C /srv/net/config/portage add --all && git -C /srv/net/config/portage commit',
      },
    ]);
    expect(warningsOf({ paths: ['a'] })[0]?.message).toMatch(/ is not built: a$/);
  });

  test('names no branch if the repository has none checked out', () => {
    const site = siteOf({ uncommitted: [{ ...uncommitted, branch: undefined }] });
    expect(siteWarnings(site, '.')[0]?.message).toContain('uncommitted work in config/portage, which');
  });

  test('admits that files cannot be read', () => {
    const message = 'config/portage: x cannot be read, and may have uncommitted work';
    expect(warningsOf({ paths: [], unread: ['x'] })).toEqual([{ message, hint: undefined }]);
    expect(warningsOf({ unread: ['x'] })).toHaveLength(2);
  });

  test('tells how to move a branch that is behind its remote', () => {
    const behind = {
      repository: 'config/buildhooks',
      name: 'plain',
      own: old,
      remote: 'origin',
      origin: now,
    };
    expect(siteWarnings(siteOf({ leftBehind: [behind] }), 'net')).toEqual([
      {
        message: 'config/buildhooks: plain is at aaaaaaaaaa and origin/plain at bbbbbbbbbb, which is not built',
        hint: 'git -C net/config/buildhooks branch --force plain origin/plain',
      },
    ]);
  });

  test.each([
    ["it's", `'it'\\''s/config/portage'`],
    ['my site', `'my site/config/portage'`],
    ['$HOME', `'$HOME/config/portage'`],
    ['../a.b+c-d_1', '../a.b+c-d_1/config/portage'],
  ])('has a command that a shell understands if the site is in %s', (path, quoted) => {
    expect(warningsOf({}, path)[0]?.hint).toBe(`git -C ${quoted} add --all && git -C ${quoted} commit`);
  });
});
