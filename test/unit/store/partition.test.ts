import { describe, expect, it } from 'vitest';
import { readDocument } from '../../support/documents.ts';
import { parsePartition, partitionCommand } from '../../../src/store/partition.ts';

describe('a partition', () => {
  it.each([
    'x86_64-pc-linux-gnu/generic/default-linux-amd64-23.0-f6766e7808cb\n',
    'x86_64-pc-linux-musl/x86-64-v3/default-linux-amd64-23.0-musl-f6766e7808cb',
    'armv7a-unknown-linux-gnueabihf/cortex-a7_+/x-f6766e7808cb',
  ])('has three parts: %j', (output) => {
    expect(parsePartition(output)).toBe(output.trim());
  });

  it.each([
    '',
    '\n',
    'x86_64-pc-linux-gnu/default/f6766e7808cb/',
    'x86_64-pc-linux-gnu/generic/default',
    '/x86_64-pc-linux-gnu/generic/default-f6766e7808cb',
    'x86_64-pc-linux-gnu/../default-f6766e7808cb',
    'a/b/c/default-f6766e7808cb',
    'a warning\nx86_64-pc-linux-gnu/generic/default-f6766e7808cb',
  ])('is refused in any other form: %j', (output) => {
    expect(parsePartition(output)).toBeUndefined();
  });
});

describe('the command that prints a partition', () => {
  const argumentsOf = (...key: Parameters<typeof partitionCommand>) => partitionCommand(...key).slice(4);

  it('is an isolated Python program', () => {
    const [interpreter, isolated, , text] = partitionCommand();
    expect([interpreter, isolated]).toEqual(['python3', '-I']);
    expect(text).toMatch(/^#!\/usr\/bin\/python3 -I\n"""binpkg-partition /);
  });

  it("passes the site's name of the processor, or an empty one", () => {
    expect(argumentsOf()).toEqual(['']);
    expect(argumentsOf({ cpu: 'zen4' })).toEqual(['zen4']);
  });

  it('passes digests of the hooks, sorted by name', () => {
    const large = 'x'.repeat(1_000_000);
    const hooks = (...entries: [string, string][]) => argumentsOf({ cpu: 'zen4', hooks: new Map(entries) });
    const both = hooks(['compile', large], ['buildmaster', 'true']);
    expect(both.every((argument) => argument.length < 100)).toBe(true);
    expect(hooks(['buildmaster', 'true'], ['compile', large])).toEqual(both);
    expect(hooks(['compile', `${large}y`], ['buildmaster', 'true'])).not.toEqual(both);
    expect(hooks(['buildmaster', large], ['compile', 'true'])).not.toEqual(both);
  });
});

describe('docs/decisions/partitions.md', () => {
  const document = readDocument('docs/decisions/partitions.md');
  const [, , , text = ''] = partitionCommand();
  const table = (name: string) => new RegExp(`^${name} = \\{\\n([^]*?)^\\}`, 'm').exec(text)?.[1] ?? '';

  it.each(['LEFT_OUT_VARIABLES', 'LEFT_OUT_FEATURES'])('gives each reason in %s', (name) => {
    const reasons = [...table(name).matchAll(/^ {4}"([^"]+)":/gm)].map(([, reason = '']) => reason);
    expect(reasons.length).toBeGreaterThan(4);
    expect(reasons.filter((reason) => !document.includes(`| ${reason} `))).toEqual([]);
  });

  it('lists each feature that is left out', () => {
    const words = table('LEFT_OUT_FEATURES').replaceAll(/^ {4}"[^"]+":/gm, '');
    const features = [...words.matchAll(/[a-z-]+/g)].map(([word]) => word);
    expect(features).toContain('ccache');
    expect(features.filter((word) => !document.includes(`\`${word}\``))).toEqual([]);
  });

  it('names the format of the digest', () => {
    const format = /^FORMAT = (\d+)$/m.exec(text)?.[1];
    expect(document).toContain(`ends with \`-v${format}-\` and a digest`);
  });
});
