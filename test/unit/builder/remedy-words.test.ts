import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeBuilderRemedy } from '../../../src/builder/remedy-words.ts';
import { explainEmergeFailure } from '../../../src/portage/explain/explain-failure.ts';
import type { Mask, Remedy } from '../../../src/portage/explain/remedy.ts';
import { readTranscript } from '../portage/transcript.ts';

test.each<[string, Remedy]>([
  ['GENTOO_MIRRORS in a file given as --make-conf', { about: 'build', kind: 'change-source', problem: 'checksum' }],
  ['sync the tree (omit --no-sync', { about: 'build', kind: 'change-source', problem: 'missing' }],
  ['download the sources into the volume', { about: 'build', kind: 'download-by-hand' }],
  [
    'INSTALL_MASK="/sys /proc/x" in a file given as --make-conf',
    { about: 'build', kind: 'mask-installation', paths: ['/sys', '/proc/x'] },
  ],
  ['--usepkg-exclude=a/b, or --no-binpkgs', { about: 'build', kind: 'avoid-binary-package', package: 'a/b' }],
  ['--usepkg-exclude=PACKAGE', { about: 'build', kind: 'avoid-binary-package', package: undefined }],
  ['read its message', { about: 'build', kind: 'read-package-message' }],
  ['build again', { about: 'build', kind: 'build-again' }],
  ['docker system df', { about: 'build', kind: 'free-disk-space', directory: undefined }],
  ['docker system df', { about: 'build', kind: 'free-disk-space', directory: '/' }],
  ['mounted at /var/log/portage', { about: 'build', kind: 'free-disk-space', directory: '/var/log/portage' }],
  ['--tmpfs off, or make the tmpfs larger', { about: 'build', kind: 'avoid-tmpfs', bigPackages: [], package: 'a/b' }],
  ['give the engine more memory', { about: 'build', kind: 'use-less-memory', tmpfsSize: undefined }],
  ['takes up to 24 MiB of it: --tmpfs off', { about: 'build', kind: 'use-less-memory', tmpfsSize: 24 * 1024 ** 2 }],
  ['the ebuild is broken', { about: 'tree', kind: 'update-tree', reason: 'broken-ebuild' }],
  [
    'if a file was edited, run `ebuild FILE manifest`, because a sync loses the edit; otherwise the tree is damaged: sync the tree',
    { about: 'tree', kind: 'update-tree', reason: 'damaged-tree' },
  ],
  ['no version that satisfies the dependency', { about: 'tree', kind: 'update-tree', reason: 'missing-dependency' }],
  ['the profile that the base is configured for', { about: 'tree', kind: 'check-profile' }],
  ['build from the tree as it is with --no-sync', { about: 'tree', kind: 'check-network' }],
  [`host in sync-uri in the base's /etc/portage/repos.conf`, { about: 'tree', kind: 'check-host-name' }],
  [`GENTOO_MIRRORS in a file given as --make-conf`, { about: 'tree', kind: 'check-mirrors' }],
  ['sync again later', { about: 'tree', kind: 'sync-later' }],
  ['git branch --set-upstream-to=origin/BRANCH', { about: 'tree', kind: 'set-upstream' }],
  ['clone the repository into the directory', { about: 'tree', kind: 'clone-tree' }],
  ['sec-keys/openpgp-keys-gentoo-release', { about: 'tree', kind: 'renew-keys' }],
  ['from another mirror', { about: 'tree', kind: 'sync-from-another-mirror' }],
  ["check sync-uri in the base's /etc/portage/repos.conf", { about: 'tree', kind: 'check-sync-uri' }],
  ['check what is given as --emerge-option', { about: 'request', kind: 'check-emerge-options' }],
  ['name one of these sets: a, b', { about: 'request', kind: 'choose-set', sets: ['a', 'b'] }],
  ['with its category', { about: 'request', kind: 'add-category' }],
  ['check the name and the version', { about: 'request', kind: 'check-name' }],
  ['name the package a/b', { about: 'request', kind: 'choose-similar-package', packages: ['a/b'] }],
  ['name one of these packages', { about: 'request', kind: 'choose-similar-package', packages: ['a/b', 'a/c'] }],
  ['ask for another version', { about: 'request', kind: 'choose-version' }],
  ['--emerge-option=--backtrack=100', { about: 'request', kind: 'separate-versions' }],
  ['in different images', { about: 'request', kind: 'separate-blockers' }],
  ['ask for the package without it', { about: 'configuration', kind: 'drop-use-flag' }],
  ['with --use "ssl -gtk"', { about: 'configuration', kind: 'change-use-flags', flags: ['ssl', '-gtk'] }],
  ['change the USE flags with --use', { about: 'configuration', kind: 'change-use-flags', flags: [] }],
  ['emerge proposes no USE flag', { about: 'configuration', kind: 'break-dependency-cycle', alternatives: [] }],
  ['build from a newer base', { about: 'request', kind: 'update-portage' }],
  ['leave --usepkgonly and --getbinpkgonly out', { about: 'request', kind: 'allow-ebuilds' }],
  ['let emerge make', { about: 'configuration', kind: 'accept-changes', flags: [], suggestions: [] }],
  ['--use "ssl"', { about: 'configuration', kind: 'accept-changes', flags: ['ssl'], suggestions: [] }],
])('%s', (words, remedy) => {
  expect(describeBuilderRemedy(remedy)).toContain(words);
});

test.each<[string, Remedy]>([
  [
    'the tree may be older than the source: omit --no-sync',
    { about: 'build', kind: 'change-source', problem: 'checksum' },
  ],
  ['or choose another mirror', { about: 'build', kind: 'change-source', problem: 'missing' }],
  [
    'build with fewer processes: --jobs 1, and MAKEOPTS="-j1"',
    { about: 'build', kind: 'use-less-memory', tmpfsSize: 1 },
  ],
  ['sync the tree; omit --no-sync', { about: 'tree', kind: 'update-tree', reason: 'damaged-tree' }],
  ['or let emerge change them', { about: 'configuration', kind: 'accept-changes', flags: ['ssl'], suggestions: [] }],
  ['--autounmask-continue=y', { about: 'configuration', kind: 'accept-changes', flags: [], suggestions: [] }],
])('%s, too', (words, remedy) => {
  expect(describeBuilderRemedy(remedy)).toContain(words);
});

test('names no USE flags and no tmpfs where there are none', () => {
  const flagless = { about: 'configuration', kind: 'change-use-flags', flags: [] } as const;
  expect(describeBuilderRemedy(flagless)).toBe('change the USE flags with --use');
  const memory = { about: 'build', kind: 'use-less-memory', tmpfsSize: undefined } as const;
  expect(describeBuilderRemedy(memory)).toMatch(/give the engine more memory$/);
});

test.each<[Mask, string]>([
  ['licence', 'ACCEPT_LICENSE'],
  ['missing-keyword', 'ask for one version'],
  ['testing-keyword', 'accept the keyword with ACCEPT_KEYWORDS'],
  ['package.mask', 'let emerge unmask it'],
])('tells how to accept a package that is masked by %s', (mask, words) => {
  expect(describeBuilderRemedy({ about: 'configuration', kind: 'unmask', mask, suggestions: [] })).toContain(words);
});

const use = (line: string) => ({ file: 'package.use', line, requiredBy: [] });

test.each([
  [['=a/b-1 -doc'], 'build once with --use="-doc"'],
  [['=a/b-1 -doc', '=a/c-2 ssl -gtk'], 'build once with --use="-doc" or --use="ssl -gtk"'],
])('case 5.6: has the changes of USE flags that emerge proposes against a cycle: %s', (lines, words) => {
  const remedy = { about: 'configuration', kind: 'break-dependency-cycle', alternatives: lines.map(use) } as const;
  expect(describeBuilderRemedy(remedy)).toContain(words);
});

test('case 5.8: accepts the keyword of one version, and not of live ebuilds', () => {
  const { remedy } = explainEmergeFailure(readTranscript('keyword-missing'));
  const words = remedy && describeBuilderRemedy(remedy);
  expect(words).toContain("ask for '=cat/nokw-1' and let emerge accept its keyword (=cat/nokw-1 **)");
  expect(words).not.toContain('ACCEPT_KEYWORDS');
});

test('names no file and no command of zentoo', () => {
  for (const file of readdirSync(new URL('../portage/fixtures/', import.meta.url))) {
    const { remedy } = explainEmergeFailure(readTranscript(file.replace('.txt', '')));
    if (remedy) expect(describeBuilderRemedy(remedy), file).not.toMatch(/zentoo|site|branch/);
  }
});

test.each([
  [undefined, true],
  ['/', true],
  ['/var/tmp/portage', true],
  ['/tmp', false],
  ['/var/log/portage', false],
  ['/var/db/repos/gentoo', false],
])('fewer packages at once save space at %s: %s', (directory, saves) => {
  const words = describeBuilderRemedy({ about: 'build', kind: 'free-disk-space', directory });
  expect(words.includes('build fewer packages at once with --jobs 1')).toBe(saves);
});
