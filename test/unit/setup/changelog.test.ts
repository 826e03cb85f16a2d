import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { sectionOf } from '../../../setup/changelog.js';

const changelog = '# Changelog\n\n## Unreleased\n\n- new\n\n## 0.2.0 (2026-01-02)\n\n- b\n- c\n\n## 0.1.0\n\n';

describe('sectionOf', () => {
  it('has the text between a version and the next one', () => {
    expect(sectionOf(changelog, '0.2.0')).toBe('- b\n- c');
  });

  it.each(['0.1.0', '0.3.0', '0.2'])('finds nothing for %s, which is empty or absent', (version) => {
    expect(sectionOf(changelog, version)).toBeUndefined();
  });

  it('finds the section of the version in package.json', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../CHANGELOG.md'), 'utf8');
    expect(sectionOf(text, packageJson.version)).toMatch(/^- /);
  });
});
