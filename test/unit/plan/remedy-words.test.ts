import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeSiteRemedy } from '../../../src/plan/remedy-words.ts';
import type { Atom } from '../../../src/portage/atom.ts';
import { explainEmergeFailure } from '../../../src/portage/explain/explain-failure.ts';
import { explainSyncFailure } from '../../../src/portage/explain/explain-sync-failure.ts';
import type { Mask, Remedy } from '../../../src/portage/explain/remedy.ts';
import { readTranscript } from '../portage/transcript.ts';

const base = { name: 'base', entries: [] };
const of = (file: string): string => `${file} of the branch base of config/portage`;

test.each<[string, Remedy]>([
  [`GENTOO_MIRRORS in ${of('make.conf')}`, { about: 'build', kind: 'change-source', problem: 'checksum' }],
  ['if the source has moved, sync', { about: 'build', kind: 'change-source', problem: 'missing' }],
  ['download the sources into the volume', { about: 'build', kind: 'download-by-hand' }],
  [`INSTALL_MASK="/sys" in ${of('make.conf')}`, { about: 'build', kind: 'mask-installation', paths: ['/sys'] }],
  [`PKG_INSTALL_MASK in ${of('make.conf')}`, { about: 'build', kind: 'avoid-binary-package', package: 'a/b' }],
  ['read its message', { about: 'build', kind: 'read-package-message' }],
  ['build again', { about: 'build', kind: 'build-again' }],
  ['docker system df', { about: 'build', kind: 'free-disk-space', directory: undefined }],
  ['docker system df', { about: 'build', kind: 'free-disk-space', directory: '/' }],
  ['mounted at /var/log/portage', { about: 'build', kind: 'free-disk-space', directory: '/var/log/portage' }],
  [`MAKEOPTS="-j1" in ${of('make.conf')}`, { about: 'build', kind: 'use-less-memory', tmpfsSize: undefined }],
  ['up to 24 MiB of it: tmpfs: off', { about: 'build', kind: 'use-less-memory', tmpfsSize: 24 * 1024 ** 2 }],
  ['the ebuild is broken', { about: 'tree', kind: 'update-tree', reason: 'broken-ebuild' }],
  [
    'if a file was edited, run `ebuild FILE manifest`, because a sync loses the edit; otherwise the tree is damaged: sync the tree',
    { about: 'tree', kind: 'update-tree', reason: 'damaged-tree' },
  ],
  ['no version that satisfies the dependency', { about: 'tree', kind: 'update-tree', reason: 'missing-dependency' }],
  [`correct the link ${of('make.profile')}`, { about: 'tree', kind: 'check-profile' }],
  ['builds use the tree as it is', { about: 'tree', kind: 'check-network' }],
  [`host in sync-uri in ${of('repos.conf')}`, { about: 'tree', kind: 'check-host-name' }],
  [`GENTOO_MIRRORS in ${of('make.conf')}`, { about: 'tree', kind: 'check-mirrors' }],
  ['sync again later', { about: 'tree', kind: 'sync-later' }],
  ['git branch --set-upstream-to=origin/BRANCH', { about: 'tree', kind: 'set-upstream' }],
  ['clone the repository into the directory', { about: 'tree', kind: 'clone-tree' }],
  ['sec-keys/openpgp-keys-gentoo-release', { about: 'tree', kind: 'renew-keys' }],
  ['from another mirror', { about: 'tree', kind: 'sync-from-another-mirror' }],
  [`check sync-uri in ${of('repos.conf')}`, { about: 'tree', kind: 'check-sync-uri' }],
  [`EMERGE_DEFAULT_OPTS in ${of('make.conf')}`, { about: 'request', kind: 'check-emerge-options' }],
  ['name one of these sets: a, b', { about: 'request', kind: 'choose-set', sets: ['a', 'b'] }],
  ['with its category', { about: 'request', kind: 'add-category' }],
  ['check the name and the version', { about: 'request', kind: 'check-name' }],
  ['name the package a/b', { about: 'request', kind: 'choose-similar-package', packages: ['a/b'] }],
  ['name one of these packages', { about: 'request', kind: 'choose-similar-package', packages: ['a/b', 'a/c'] }],
  ['ask for another version', { about: 'request', kind: 'choose-version' }],
  [`mask one version in ${of('package.mask')}`, { about: 'request', kind: 'separate-versions' }],
  ['into different sets', { about: 'request', kind: 'separate-blockers' }],
  ['ask for the package without it', { about: 'configuration', kind: 'drop-use-flag' }],
  [`${of('package.use')}: ssl -gtk`, { about: 'configuration', kind: 'change-use-flags', flags: ['ssl', '-gtk'] }],
  [`by ${of('package.use')}`, { about: 'configuration', kind: 'break-dependency-cycle', alternatives: [] }],
  ['use a newer stage', { about: 'request', kind: 'update-portage' }],
  [`EMERGE_DEFAULT_OPTS in ${of('make.conf')}`, { about: 'request', kind: 'allow-ebuilds' }],
  ['write the changes into', { about: 'configuration', kind: 'accept-changes', flags: [], suggestions: [] }],
])('%s', (words, remedy) => {
  expect(describeSiteRemedy(remedy, base)).toContain(words);
});

test('names no USE flags if Portage names none', () => {
  const remedy = { about: 'configuration', kind: 'change-use-flags', flags: [] } as const;
  expect(describeSiteRemedy(remedy, base)).toBe(`change the USE flags in ${of('package.use')}`);
});

test.each<[Mask, string]>([
  ['licence', of('package.license')],
  ['missing-keyword', `accept ** in ${of('package.accept_keywords')}`],
  ['testing-keyword', `accept the keyword in ${of('package.accept_keywords')}`],
  ['package.mask', of('package.unmask')],
])('names the file that accepts a package that is masked by %s, without a line for it', (mask, words) => {
  expect(describeSiteRemedy({ about: 'configuration', kind: 'unmask', mask, suggestions: [] }, base)).toContain(words);
});

test.each<[string | undefined, string]>([
  [
    'app-misc/large',
    "build app-misc/large on a volume, by this line below limits: in site.yaml: big-packages: [www-client/firefox, '>=dev-qt/qtwebengine-6', app-misc/large]; or build all packages on a volume (tmpfs: off), or make the tmpfs larger (tmpfs: SIZE)",
  ],
  [undefined, 'in site.yaml, build all packages on a volume (tmpfs: off), or make the tmpfs larger (tmpfs: SIZE)'],
])('writes the line of site.yaml that keeps a package off the tmpfs: %s', (name, words) => {
  const bigPackages = ['www-client/firefox', '>=dev-qt/qtwebengine-6'] as Atom[];
  expect(describeSiteRemedy({ about: 'build', kind: 'avoid-tmpfs', bigPackages, package: name }, base)).toBe(words);
});

test('speaks of no option, because zentoo has none of those of gentoo-builder', () => {
  const transcripts = ['fixtures', 'pretend'].flatMap((directory) =>
    readdirSync(new URL(`../portage/${directory}/`, import.meta.url)).map((file) => `../${directory}/${file}`),
  );
  const hints = transcripts.flatMap((file) => {
    const command = readTranscript(file.replace('.txt', ''));
    const { remedy } = file.includes('/sync-') ? explainSyncFailure(command) : explainEmergeFailure(command);
    return remedy ? [describeSiteRemedy(remedy, base)] : [];
  });
  expect(hints.length).toBeGreaterThan(40);
  expect(hints.filter((hint) => /(?<![\w-])--[a-z]/.test(hint))).toEqual([]);
});

const use = (line: string) => ({ file: 'package.use', line, requiredBy: [] });

test("case 5.6: has emerge's proposal against a cycle, with the branch's file", () => {
  const entries = [{ path: 'package.use', type: 'file', id: '', read: () => Buffer.alloc(0) }] as const;
  const remedy = { about: 'configuration', kind: 'break-dependency-cycle' } as const;
  const told = (lines: readonly string[]) =>
    describeSiteRemedy({ ...remedy, alternatives: lines.map(use) }, { name: 'base', entries });
  expect(told(['=a/b-1 -doc'])).toBe(
    'if you want this, write into the branch base of config/portage, and commit:\n  package.use\n    =a/b-1 -doc',
  );
  expect(told(['=a/b-1 -doc', '=a/c-1 ssl'])).toMatch(
    /^emerge proposes any one of these lines:\n {2}=a\/b-1 -doc\n {2}=a\/c-1 ssl\n/,
  );
});
