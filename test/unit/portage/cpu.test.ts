import { describe, expect, it } from 'vitest';
import { choosesNative, missingCpuFeatures } from '../../../src/portage/cpu-features.ts';
import { cpuSettings } from '../../../src/portage/cpu-settings.ts';

const defined = (...names: string[]) => names.map((name) => `#define ${name} 1\n`).join('');
/** What `gcc -march=x86-64-v4 -dM -E` defines beyond x86-64. */
const v4 = defined(
  ...['__SSE3__', '__SSSE3__', '__SSE4_1__', '__SSE4_2__', '__POPCNT__', '__AVX__', '__AVX2__', '__BMI__', '__BMI2__'],
  ...['__F16C__', '__FMA__', '__LZCNT__', '__MOVBE__', '__AVX512F__', '__AVX512BW__', '__AVX512CD__', '__AVX512DQ__'],
  ...['__AVX512VL__', '__x86_64__', '__AVX512F', '__NO_AVX__'],
);
const small = 'processor\t: 0\nflags\t\t: fpu sse sse2 ht pni ssse3 sse4_1 sse4_2 popcnt lm abm\npower management:\n';

describe('missingCpuFeatures', () => {
  it('lists the extensions that the compiler would use and /proc/cpuinfo does not list', () => {
    expect(missingCpuFeatures(v4, small)).toEqual([
      ...['avx', 'avx2', 'fma', 'bmi1', 'bmi2', 'f16c', 'movbe'],
      ...['avx512f', 'avx512cd', 'avx512bw', 'avx512dq', 'avx512vl'],
    ]);
  });

  it('compares whole words', () => {
    expect(missingCpuFeatures(defined('__AVX__', '__SHA__'), 'flags : avx2 sha_ni_more\n')).toEqual(['avx', 'sha_ni']);
  });

  it('lists nothing if all extensions are there, or if /proc/cpuinfo has no flags', () => {
    expect(missingCpuFeatures(defined('__SSE3__', '__LZCNT__', '__x86_64__'), small)).toEqual([]);
    expect(missingCpuFeatures(v4, 'Features\t: fp asimd\n')).toEqual([]);
  });
});

it.each([
  ['-O2 -march=native', true],
  ['-mcpu=native -pipe', true],
  ['-march=x86-64-v4 -march=native', true],
  ['-march=x86-64-v4 -mtune=native', false],
  ['-march=native -march=x86-64-v4', false],
  ['-O2', false],
])('%s: the compiler chooses for its machine: %s', (cflags, native) => {
  expect(choosesNative(cflags)).toBe(native);
});

describe('cpuSettings', () => {
  const cpu = {
    name: 'v2',
    chost: 'x86_64-pc-linux-gnu',
    cflags: '-O2 -march=x86-64-v2',
    cpuFlags: [{ variable: 'CPU_FLAGS_X86', flags: 'sse sse2' }],
  };

  it('writes lines of make.conf with the same flags for all compilers, other variables last', () => {
    expect(cpuSettings(cpu, { PKGDIR: '/store/v2' })).toBe(`# Settings of the CPU v2.
CHOST="x86_64-pc-linux-gnu"
CFLAGS="-O2 -march=x86-64-v2"
CXXFLAGS="-O2 -march=x86-64-v2"
FFLAGS="-O2 -march=x86-64-v2"
FCFLAGS="-O2 -march=x86-64-v2"
CPU_FLAGS_X86="sse sse2"
PKGDIR="/store/v2"
`);
  });

  it('escapes everything that make.conf would expand', () => {
    const odd = { ...cpu, cflags: String.raw`-DX="a b" -DY=$HOME -DZ=\n` };
    expect(cpuSettings(odd, {})).toContain(String.raw`CFLAGS="-DX=\"a b\" -DY=\$HOME -DZ=\\n"`);
  });
});
