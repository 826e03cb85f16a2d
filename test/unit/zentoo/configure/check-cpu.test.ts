import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkChost, checkCpu } from '../../../../src/zentoo/configure/check-cpu.ts';
import { resolveNative } from '../../../../src/zentoo/configure/resolve-native.ts';
import { tupleOf } from '../../plan/sites.ts';
import { openRootSession } from '../root-session.ts';

const tuple = tupleOf();
const withFlags = (cflags: string) => ({ ...tuple, cpu: { ...tuple.cpu, cflags } });

describe('the CHOST of a CPU', () => {
  it.each([
    ['the CHOST of most packages of the stage', '   9 x86_64-pc-linux-gnu\n'],
    ['any, if the stage does not tell its own', ''],
    ['any, if Portage prints none', '1 \n'],
  ])('may be %s', async (_what, stdout) => {
    const { session } = await openRootSession({ chost: { stdout } });
    await expect(checkChost(session, tuple)).resolves.toBeUndefined();
  });

  it('is refused if it is not that of the stage', async () => {
    const { session } = await openRootSession({ chost: { stdout: ' 120 i686-pc-linux-gnu\n' } });
    await expect(checkChost(session, tuple)).rejects.toMatchObject({
      code: 'cpu-unusable',
      message:
        'failed to use the cpu x86-64: its CHOST is x86_64-pc-linux-gnu, but the stage ministage compiles for i686-pc-linux-gnu',
      hint: 'give the cpu the CHOST of the stage, name another stage for the branch base, or compile with cross: true',
    });
  });

  it('of a cross tuple is not compared', async () => {
    const { session, ran } = await openRootSession({ chost: { stdout: ' 120 i686-pc-linux-gnu\n' } });
    await checkChost(session, { ...tuple, cross: true });
    expect(ran).toEqual([]);
  });
});

describe('the instructions of a CPU', () => {
  const cpuinfo = 'model name : x\nflags : sse sse2 avx\n';

  it('are those that the compiler uses with the flags that choose them', async () => {
    const stdout = `${cpuinfo}\0#define __AVX__ 1\n`;
    const { session, ran } = await openRootSession({ cpu: { stdout } });
    await checkCpu(session, withFlags('-O2  -march=x86-64-v2 -mavx -pipe'));
    expect(ran).toEqual([['cpu', 'x86_64-pc-linux-gnu', '-march=x86-64-v2', '-mavx']]);
  });

  it('are refused if the machine of the engine lacks them', async () => {
    const stdout = `${cpuinfo}\0#define __AVX2__ 1\n#define __AVX__ 1\n#define __FMA__ 1\n`;
    const { session } = await openRootSession({ cpu: { stdout } });
    await expect(checkCpu(session, withFlags('-march=haswell'))).rejects.toMatchObject({
      code: 'cpu-unusable',
      message: expect.stringMatching(
        /^failed to use the cpu x86-64: the machine of the engine lacks (?:avx2, fma|fma, avx2)$/,
      ) as string,
      hint: expect.stringMatching(
        /^build on a machine that has them, or choose an older instruction set: -march=/,
      ) as string,
    });
  });

  it('of the machine itself are not checked', async () => {
    const { session } = await openRootSession({ cpu: { stdout: `${cpuinfo}\0#define __AVX2__ 1\n` } });
    await expect(checkCpu(session, withFlags('-march=native'))).resolves.toBeUndefined();
  });

  it('are unknown to a compiler that refuses the flags, and the failure has its last lines', async () => {
    const lines = Array.from({ length: 12 }, (_, line) => `error ${line}`);
    const { session } = await openRootSession({ cpu: { stdout: `${cpuinfo}\0\n`, stderr: `${lines.join('\n')}\n\n` } });
    await expect(checkCpu(session, withFlags('-march=znver9'))).rejects.toMatchObject({
      code: 'cpu-unusable',
      message: `failed to use the cpu x86-64: the compiler of ${session.base} refuses its CFLAGS -march=znver9`,
      hint: 'list the values that the compiler accepts: gcc -Q --help=target',
      logTail: lines.slice(2),
    });
  });
});

describe('native flags', () => {
  const read = (what: string) =>
    readFileSync(join(import.meta.dirname, '../../portage/native', `gcc12-${what}.txt`), 'utf8');
  /** A compiler on a machine like a znver3. */
  const compiler = ([, ...flags]: readonly string[]) => {
    if (flags.includes('--help=target')) return { stdout: read('target') };
    return { stdout: read(flags.includes('-march=native') ? 'march' : 'base') };
  };

  it('become the flags that the compiler uses on the machine of the engine', async () => {
    const { session, ran } = await openRootSession({ native: compiler });
    const { cflags } = await resolveNative(session, withFlags('-O2 -march=native -pipe').cpu);
    expect(cflags).toMatch(/^-O2 -march=znver3 .*-mavx512f.* -pipe$/);
    expect(ran).toEqual([
      ['native', 'x86_64-pc-linux-gnu', '-###', '-E', '-x', 'c', '-'],
      ['native', 'x86_64-pc-linux-gnu', '-###', '-E', '-x', 'c', '-', '-march=native'],
      ['native', 'x86_64-pc-linux-gnu', '-Q', '--help=target', '-march=znver3'],
    ]);
  });

  it('that are none are not asked about', async () => {
    const { session, ran } = await openRootSession();
    expect(await resolveNative(session, tuple.cpu)).toBe(tuple.cpu);
    expect(ran).toEqual([]);
  });

  it('are refused if the compiler does not tell them', async () => {
    const lines = Array.from({ length: 12 }, (_, line) => `error ${line}`);
    const { session } = await openRootSession({ native: { stdout: `${lines.join('\n')}\n\n` } });
    await expect(resolveNative(session, withFlags('-march=native').cpu)).rejects.toMatchObject({
      code: 'cpu-unusable',
      message: `failed to use the cpu x86-64: the compiler of ${session.base} does not tell the flags of -march=native`,
      hint: 'name the machine in its CFLAGS: -march=x86-64-v3',
      logTail: lines.slice(2),
    });
  });
});
