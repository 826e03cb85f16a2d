import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { readMakeConf } from '../../../src/portage/configuration/make-conf.ts';
import { bytesOf, corpusOfDirectories, corpusOfMakeConf, isLink } from '../../support/corpus.ts';
import type { ConfigurationFiles } from '../portage/configuration/make-conf/generated-files.ts';
import { commitAll } from './git-program.ts';
import { edit, portage } from './site-changes.ts';
import { readOrExplain, temporarySite } from './sites.ts';

/** The files of the corpus that are refused on purpose, with the position; docs/zentoo.md has the reasons. */
const refused: Readonly<Record<string, string>> = {
  'refused-append.conf': '4:1: Portage does not know +=',
  'refused-bare-flags.conf': "2:12: 'CXXFLAGS' follows '-pipe' instead of =",
  'refused-bom.conf': '1:1: a byte order mark (BOM) stands before the first name',
  'people-07-nproc.conf': '2:8: Portage runs no commands and knows no lists',
  'people-16-shell-script-in-make-conf.conf': "3:1: '[' follows 'if' instead of =",
  'people-17-defaults-with-colon.conf': "1:1: '${JOBS:' follows ':' instead of =",
  'people-20-empty': 'make.profile:1:1: it is missing',
  'people-21-checkout': 'make.profile:1:1: it is missing',
  'refused-double-section': 'repos.conf/all.conf:6:1: this is neither [NAME] nor key = value, or it is a duplicate',
  'refused-usr-portage': 'make.conf:4:1: PORTDIR is obsolete and differs from repos.conf',
};

it.each(corpusOfMakeConf())(
  'cases 2.1 to 2.6: the make.conf %s of a user is read, or refused at its position',
  (name, text) => {
    const { faults } = readMakeConf([{ path: name, text }]);
    const shown = faults.map(({ place, message }) => `${place.line}:${place.column}: ${message}`);
    const expected = refused[name];
    expect(shown).toEqual(expected === undefined ? [] : [expect.stringContaining(expected)]);
  },
);

it.each(corpusOfDirectories())(
  'case 2.2: the /etc/portage %s of a user is read as a branch, or refused at its position',
  (name, files) => {
    using site = temporarySite();
    edit(site.path, 'site.yaml', /# Tuples with options[^]*/, '');
    replaceFiles(portage(site.path), files);
    const read = readOrExplain(site.path);
    const expected = refused[name];
    if (expected === undefined) expect(read).toHaveProperty('tuples.length', 2);
    else expect(read).toContainEqual(expect.stringContaining(`config/portage@base:${expected}`));
  },
);

it('at most 3 of 25 files of each author are refused', () => {
  for (const names of [corpusOfMakeConf(), corpusOfDirectories()].map((all) => all.map(([name]) => name))) {
    const byAuthor = Map.groupBy(names, (name) => name.startsWith('people-'));
    expect(byAuthor.size).toBe(2);
    for (const all of byAuthor.values()) {
      expect(all.length).toBeGreaterThanOrEqual(25);
      expect(all.filter((name) => name in refused).length).toBeLessThanOrEqual(3);
    }
  }
});

/** Commits the files of a configuration in place of those of a repository. */
function replaceFiles(repository: string, files: ConfigurationFiles): void {
  for (const name of readdirSync(repository)) if (name !== '.git') rmSync(join(repository, name), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    if (isLink(content)) symlinkSync(content.link, join(repository, path));
    else writeFileSync(join(repository, path), bytesOf(content));
  }
  commitAll(repository);
}
