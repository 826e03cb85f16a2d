/**
 * The extensions of the x86 instruction set: the macro that GCC and Clang define if they may use the extension ("x86
 * Options" of GCC), and the flag in /proc/cpuinfo of a processor that has it (arch/x86/include/asm/cpufeatures.h of Linux).
 */
const extensions: readonly (readonly [macro: string, flag: string])[] = [
  ['__SSE3__', 'pni'],
  ['__SSSE3__', 'ssse3'],
  ['__SSE4_1__', 'sse4_1'],
  ['__SSE4_2__', 'sse4_2'],
  ['__SSE4A__', 'sse4a'],
  ['__POPCNT__', 'popcnt'],
  ['__AVX__', 'avx'],
  ['__AVX2__', 'avx2'],
  ['__AVXVNNI__', 'avx_vnni'],
  ['__FMA__', 'fma'],
  ['__FMA4__', 'fma4'],
  ['__XOP__', 'xop'],
  ['__TBM__', 'tbm'],
  ['__LWP__', 'lwp'],
  ['__BMI__', 'bmi1'],
  ['__BMI2__', 'bmi2'],
  ['__LZCNT__', 'abm'],
  ['__F16C__', 'f16c'],
  ['__MOVBE__', 'movbe'],
  ['__AES__', 'aes'],
  ['__VAES__', 'vaes'],
  ['__PCLMUL__', 'pclmulqdq'],
  ['__VPCLMULQDQ__', 'vpclmulqdq'],
  ['__SHA__', 'sha_ni'],
  ['__GFNI__', 'gfni'],
  ['__RDRND__', 'rdrand'],
  ['__RDSEED__', 'rdseed'],
  ['__ADX__', 'adx'],
  ['__FSGSBASE__', 'fsgsbase'],
  ['__XSAVE__', 'xsave'],
  ['__XSAVEOPT__', 'xsaveopt'],
  ['__XSAVEC__', 'xsavec'],
  ['__XSAVES__', 'xsaves'],
  ['__CLFLUSHOPT__', 'clflushopt'],
  ['__CLWB__', 'clwb'],
  ['__CLZERO__', 'clzero'],
  ['__MOVDIRI__', 'movdiri'],
  ['__MOVDIR64B__', 'movdir64b'],
  ['__RDPID__', 'rdpid'],
  ['__WAITPKG__', 'waitpkg'],
  ['__SERIALIZE__', 'serialize'],
  ['__AVX512F__', 'avx512f'],
  ['__AVX512CD__', 'avx512cd'],
  ['__AVX512BW__', 'avx512bw'],
  ['__AVX512DQ__', 'avx512dq'],
  ['__AVX512VL__', 'avx512vl'],
  ['__AVX512ER__', 'avx512er'],
  ['__AVX512PF__', 'avx512pf'],
  ['__AVX512IFMA__', 'avx512ifma'],
  ['__AVX512VBMI__', 'avx512vbmi'],
  ['__AVX512VBMI2__', 'avx512_vbmi2'],
  ['__AVX512VNNI__', 'avx512_vnni'],
  ['__AVX512BITALG__', 'avx512_bitalg'],
  ['__AVX512VPOPCNTDQ__', 'avx512_vpopcntdq'],
  ['__AVX512BF16__', 'avx512_bf16'],
  ['__AVX512FP16__', 'avx512_fp16'],
  ['__AVX512VP2INTERSECT__', 'avx512_vp2intersect'],
  ['__AMX_TILE__', 'amx_tile'],
  ['__AMX_INT8__', 'amx_int8'],
  ['__AMX_BF16__', 'amx_bf16'],
];

/**
 * Lists the extensions that a compiler would use and that the processor lacks, by their names in /proc/cpuinfo. `macros` is
 * the output of `gcc -dM -E`, `cpuinfo` the text of /proc/cpuinfo. Returns an empty list if `cpuinfo` has no `flags` line,
 * as on other architectures than x86.
 */
export function missingCpuFeatures(macros: string, cpuinfo: string): readonly string[] {
  const flags = /^flags\s*:(.*)/m.exec(cpuinfo)?.[1]?.split(/\s+/);
  if (flags === undefined) return [];
  const defined = new Set(macros.split('\n').map((line) => line.split(' ')[1]));
  return extensions.flatMap(([macro, flag]) => (defined.has(macro) && !flags.includes(flag) ? [flag] : []));
}

/**
 * Whether CFLAGS leave the instruction set to the compiler (`-march=native`, `-mcpu=native`). The last of these options
 * counts ("x86 Options" and "ARM Options" of GCC); `-mtune` does not choose an instruction set.
 */
export function choosesNative(cflags: string): boolean {
  const choices = cflags.split(/\s+/).filter((flag) => /^-m(?:arch|cpu)=/.test(flag));
  return choices.at(-1)?.endsWith('=native') ?? false;
}
