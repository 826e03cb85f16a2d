import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newSiteId, writeSiteId } from '../../../src/site/site-id.ts';
import { readSite } from '../../../src/site/read/read-site.ts';
import { temporarySite } from './sites.ts';

const id = 'k3v7q2mwx4pd';

describe('the id of a site', () => {
  it('is a text to YAML, and another one each time', () => {
    const ids = Array.from({ length: 1000 }, newSiteId);
    expect(new Set(ids).size).toBe(1000);
    for (const one of ids) expect(one).toMatch(/^[a-z][a-z2-7]{11}$/);
  });

  it('takes the place of the old one, and nothing else changes', () => {
    using site = temporarySite();
    const path = join(site.path, 'site.yaml');
    const before = readFileSync(path, 'utf8');
    chmodSync(path, 0o640);
    writeSiteId(site.path, id);
    expect(readSite(site.path).id).toBe(id);
    expect(readFileSync(path, 'utf8')).toBe(before.replace(/^id: .*$/m, `id: ${id}`));
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('is written below the name if there was none, also with the line ends of Windows', () => {
    using site = temporarySite();
    const path = join(site.path, 'site.yaml');
    const without = readFileSync(path, 'utf8').replace(/^id: .*\n/m, '');
    for (const text of [without, without.replaceAll('\n', '\r\n')]) {
      writeFileSync(path, text);
      expect(readSite(site.path).id).toBeUndefined();
      writeSiteId(site.path, id);
      expect(readSite(site.path).id).toBe(id);
    }
  });

  it('is not written into a file whose name is not at the beginning of a line', () => {
    using site = temporarySite();
    writeFileSync(join(site.path, 'site.yaml'), '{ name: net }');
    expect(() => writeSiteId(site.path, id)).toThrow(
      expect.objectContaining({ code: 'site-invalid', hint: `write this into site.yaml yourself: id: ${id}` }),
    );
    expect(readFileSync(join(site.path, 'site.yaml'), 'utf8')).toBe('{ name: net }');
  });
});
