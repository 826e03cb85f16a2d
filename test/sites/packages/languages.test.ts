import { afterAll, describe, expect, it } from 'vitest';
import { Builder, faultsStage } from '../../support/builder.ts';

const builder = new Builder();
afterAll(() => builder[Symbol.asyncDispose]());

describe('case 2.14: a base whose language is', () => {
  it.each([
    ['not set', 'ENV LANG= LC_ALL='],
    ['C', 'ENV LANG=C'],
    ['one that it does not have', 'ENV LANG=de_DE.ISO-8859-1'],
  ])('%s builds a file with a name in UTF-8, and a failure is explained', async (_what, environment) => {
    const base = await builder.makeImage(faultsStage, environment);
    const built = await builder.run(['--sync-max-age=1h', '--rebuild', 'app-misc/town-crier'], { base });
    expect(built.status, built.stderr).toBe(0);
    expect(await builder.runInImage(built.image, 'cat', '/usr/share/town-crier/grüße')).toBe('grüße\n');
    const failed = await builder.run(['--no-sync', 'test-fault/compile-fails'], { base });
    expect(failed).toMatchObject({ status: 31, stdout: '' });
    expect(failed.stderr).toContain('the compile phase failed: emake failed');
    expect(failed.stderr).toContain('error: ‘anwser’ undeclared');
  });
});
