import { expect, it } from 'vitest';
import { commitFiles, portage } from './site-changes.ts';
import { readOrExplain, temporarySite } from './sites.ts';

it('reports invalid lines of zentoo/protected-files when the site is read', () => {
  using site = temporarySite();
  const rules = '# kept\n/etc/motto.conf old\n\n/etc/hosts older\netc/group new\n/etc/passwd\n/etc/a new old\n';
  commitFiles(portage(site.path), { 'zentoo/protected-files': rules });
  const file = 'config/portage@base:zentoo/protected-files';
  const form = 'it is not GLOB new or GLOB old, as in: /etc/ssh/* old';
  expect(readOrExplain(site.path)).toEqual([
    `${file}:4:1: ${form}`,
    `${file}:5:1: 'etc/group' is no absolute path in the root, as in: /etc/ssh/* old`,
    `${file}:6:1: ${form}`,
    `${file}:7:1: ${form}`,
  ]);
});

it('refuses a glob that stands for too many others, because each is compared with each file', () => {
  using site = temporarySite();
  const many = '{a,b,c,d,e,f,g,h,i,j}'.repeat(3);
  const rules = `/etc/{a,b}/{c,d..e}* old\n/etc/{1..300000} old\n/etc/${many} old\n/etc/${many}{k,l} new\n/etc/a..b new\n`;
  commitFiles(portage(site.path), { 'zentoo/protected-files': rules });
  const file = 'config/portage@base:zentoo/protected-files';
  expect(readOrExplain(site.path)).toEqual([
    `${file}:2:1: '/etc/{1..300000}' has a range in braces: name the files in a list, {a,b}, or use * or [0-9]`,
    `${file}:4:1: '/etc/${many}{k,l}' has more than 1000 alternatives in braces: write several lines, or use *`,
  ]);
});
