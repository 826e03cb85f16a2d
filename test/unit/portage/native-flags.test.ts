import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chosenMachine, nativeFlagsOf, realFlags, replaceNative } from '../../../src/portage/native-flags.ts';

/** What compilers printed on a machine whose processor is like a znver3 with AVX-512. */
function read(compiler: string, what: 'base' | 'march' | 'mtune' | 'target'): string {
  return readFileSync(join(import.meta.dirname, 'native', `${compiler}-${what}.txt`), 'utf8');
}

describe.each(['gcc11', 'gcc12'])('the real flags of %s', (compiler) => {
  const base = read(compiler, 'base');
  const native = read(compiler, 'march');
  const target = read(compiler, 'target');
  const flags = realFlags({ base, native, target }) ?? [];

  test('begin with the machine that the compiler detects', () => {
    expect(chosenMachine({ base, native })).toBe('-march=znver3');
    expect(flags[0]).toBe('-march=znver3');
  });

  test('have the features beyond those that the machine choice implies, present and absent', () => {
    expect(flags).toEqual(expect.arrayContaining(['-mavx512f', '-mavxvnni', '-mgfni', '-mno-pku', '-mno-wbnoinvd']));
    expect(flags).not.toEqual(expect.arrayContaining([expect.stringMatching(/^-m(?:avx2|mmx|sse2|no-xop|no-tbm)$/)]));
    expect(flags.filter((flag) => flag.startsWith('-mtune='))).toEqual([]);
  });

  test('have the cache sizes, each as one word', () => {
    expect(flags.filter((flag) => flag.startsWith('--param'))).toEqual([
      '--param=l1-cache-size=48',
      '--param=l1-cache-line-size=64',
      '--param=l2-cache-size=1024',
    ]);
  });

  test('are all printed flags if the chosen machine is unknown', () => {
    const all = realFlags({ base, native, target: '' }) ?? [];
    expect(all).toEqual(expect.arrayContaining(['-march=znver3', '-mtune=znver3', '-mavx2', '-mno-xop']));
    expect(all.join(' ')).not.toContain('native');
  });

  test('of -mtune=native choose no machine', () => {
    const tuned = { base, native: read(compiler, 'mtune') };
    expect(chosenMachine(tuned)).toBeUndefined();
    const sizes = ['--param=l1-cache-size=48', '--param=l1-cache-line-size=64', '--param=l2-cache-size=1024'];
    expect(realFlags({ ...tuned, target: '' })?.toSorted()).toEqual([...sizes, '-mtune=znver3'].toSorted());
  });
});

test('returns undefined for Clang and for a compiler that refuses the flag', () => {
  const clang = { base: read('clang14', 'base'), native: read('clang14', 'march') };
  expect(realFlags({ ...clang, target: '' })).toBeUndefined();
  expect(
    realFlags({ base: read('gcc12', 'base'), native: "cc1: error: bad value 'native'", target: '' }),
  ).toBeUndefined();
});

describe('CFLAGS', () => {
  const resolved = new Map([
    ['-march=native', ['-march=znver3', '-mavx512f', '-mtune=znver3']],
    ['-mtune=native', ['-mtune=znver3']],
  ]);

  test('list each native flag once', () => {
    expect(nativeFlagsOf('-O2 -march=native  -mtune=native -march=native')).toEqual(['-march=native', '-mtune=native']);
    expect(nativeFlagsOf('-O2 -march=znver3 -fnative -mtune=generic')).toEqual([]);
  });

  test('get the real flags in the same place, so that later flags still override them', () => {
    expect(replaceNative('-O2 -march=native -mno-avx512f  -pipe', resolved)).toBe(
      '-O2 -march=znver3 -mavx512f -mtune=znver3 -mno-avx512f -pipe',
    );
    expect(replaceNative('-march=native -mtune=native', resolved)).toBe('-march=znver3 -mavx512f -mtune=znver3');
    expect(replaceNative('-mtune=native -mtune=generic', resolved)).toBe('-mtune=znver3 -mtune=generic');
  });
});
