import { describe, expect, it } from 'vitest';
import { parsePartition, partitionCommand } from '../../../src/store/partition.ts';

describe('a partition', () => {
  it.each([
    'x86_64-pc-linux-gnu/generic/default-linux-amd64-23.0-f6766e7808cb\n',
    'x86_64-pc-linux-musl/x86-64-v3/default-linux-amd64-23.0-musl-f6766e7808cb',
    'armv7a-unknown-linux-gnueabihf/cortex-a7_+/x-f6766e7808cb',
  ])('is three directories: %j', (output) => {
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
  ])('is nothing else: %j', (output) => {
    expect(parsePartition(output)).toBeUndefined();
  });
});

describe('asking for it', () => {
  const argumentsOf = (...key: Parameters<typeof partitionCommand>) => partitionCommand(...key).slice(4);

  it('is a Python program that sees nothing of the container but its Portage', () => {
    const [interpreter, isolated, , text] = partitionCommand();
    expect([interpreter, isolated]).toEqual(['python3', '-I']);
    expect(text).toMatch(/^#!\/usr\/bin\/python3 -I\n"""binpkg-partition /);
  });

  it("hands in a site's name for the processor, or none", () => {
    expect(argumentsOf()).toEqual(['']);
    expect(argumentsOf({ cpu: 'zen4' })).toEqual(['zen4']);
  });

  it('hands in hooks of any size by what they say, in whatever order they are listed', () => {
    const large = 'x'.repeat(1_000_000);
    const hooks = (...entries: [string, string][]) => argumentsOf({ cpu: 'zen4', hooks: new Map(entries) });
    const both = hooks(['compile', large], ['buildmaster', 'true']);
    expect(both.every((argument) => argument.length < 100)).toBe(true);
    expect(hooks(['buildmaster', 'true'], ['compile', large])).toEqual(both);
    expect(hooks(['compile', `${large}y`], ['buildmaster', 'true'])).not.toEqual(both);
    expect(hooks(['buildmaster', large], ['compile', 'true'])).not.toEqual(both);
  });
});
