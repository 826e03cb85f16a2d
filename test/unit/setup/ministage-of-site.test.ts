import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { needsMinistage } from '../../../setup/images/ministage-of-site.js';

const directory = mkdtempSync(join(tmpdir(), 'gentoo-builder-site-'));
afterAll(() => rmSync(directory, { recursive: true }));

function site(name: string, image: string): string {
  mkdirSync(join(directory, name));
  writeFileSync(join(directory, name, 'site.yaml'), `stages:\n  one:\n    image: ${image}\n`);
  return name;
}

const ministage = site('ministage', 'gentoo-ministage');
const stage3 = site('stage3', 'gentoo/stage3:latest');
const other = site('other', 'gentoo-ministages');

test.each<[readonly string[], string | undefined, boolean]>([
  [['build', '--site', ministage], undefined, true],
  [['--json', 'plan', `--site=${ministage}`], undefined, true],
  [['sync'], ministage, true],
  [['sync', '--site', stage3], ministage, false],
  [['build', '--site', other], undefined, false],
  [['list', '--site', ministage], undefined, false],
  [['build', '--help', '--site', ministage], undefined, false],
  [['build', '--site', 'nowhere'], undefined, false],
  [['build'], undefined, false],
])('zentoo %j with the site %s', (args, named, needed) => {
  const env = named === undefined ? {} : { ZENTOO_SITE: named };
  expect(needsMinistage(args, { env, directory })).toBe(needed);
});
