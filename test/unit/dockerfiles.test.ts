import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectDirectory } from '../support/documents.ts';

describe('Dockerfile', () => {
  it('labels the image with the version of the program', async () => {
    const [dockerfile, manifest] = await Promise.all(
      ['Dockerfile', 'package.json'].map((file) => readFile(join(projectDirectory, file), 'utf8')),
    );
    const { version } = JSON.parse(manifest ?? '') as { version: string };
    expect(dockerfile).toContain(`\nARG VERSION=${version}\n`);
  });

  it('of gentoo-base starts from the public stage unless it is told otherwise', async () => {
    expect(await readFile(join(projectDirectory, 'gentoo-base/Dockerfile'), 'utf8')).toContain(
      '\nARG STAGE=gentoo/stage3:latest\n',
    );
  });

  it.each([
    'Dockerfile',
    'gentoo-base/Dockerfile',
    'least-privilege/Dockerfile',
    'ministage/Dockerfile',
    'test/support/faults/Dockerfile',
  ])('%s has nothing that one of the builders does not take', async (file) => {
    const text = await readFile(join(projectDirectory, file), 'utf8');
    expect(text).not.toMatch(/^#\s*syntax=|RUN\s+--mount|--chmod|--link|<<[-~]?['"]?[A-Z]|TARGETARCH/m);
  });
});
