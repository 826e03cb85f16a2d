import { expect, test } from 'vitest';
import { siteWarnings, treeWarnings } from '../../../src/plan/warnings.ts';
import { siteOf } from './sites.ts';

const [old, now] = ['a'.repeat(40), 'b'.repeat(40)];

test('trees that are not what site.lock says', () => {
  const tree = { repository: 'gentoo', revision: now, locked: now };
  expect(treeWarnings([tree])).toEqual([]);
  const messages = treeWarnings([
    { ...tree, locked: old },
    { ...tree, locked: undefined },
    { ...tree, revision: undefined },
  ]).map(({ message }) => message);
  expect(messages).toEqual([
    'the tree gentoo is at bbbbbbbbbb, and site.lock says aaaaaaaaaa',
    'the tree gentoo is at bbbbbbbbbb, and site.lock says nothing of it',
    'the tree gentoo is empty: nothing can be built from it',
  ]);
});

test('work in no commit, and branches left behind', () => {
  const site = siteOf({
    uncommitted: [{ repository: 'config/portage', branch: 'base', paths: ['a', 'b'], unread: [] }],
    leftBehind: [{ repository: 'config/buildhooks', name: 'plain', own: old, remote: 'origin', origin: now }],
  });
  expect(siteWarnings(site, "it's")).toEqual([
    {
      message: 'there is uncommitted work in config/portage (base), which is not built: a and 1 more',
      hint: "git -C 'it'\\''s/config/portage' add --all && git -C 'it'\\''s/config/portage' commit",
    },
    {
      message: 'config/buildhooks: plain is at aaaaaaaaaa and origin/plain at bbbbbbbbbb, which is not built',
      hint: "git -C 'it'\\''s/config/buildhooks' branch --force plain origin/plain",
    },
  ]);
});
