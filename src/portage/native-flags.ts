/**
 * What GCC makes of `-march=native` and the like on the machine that it runs on. Its driver replaces them by real flags
 * before it starts the compiler proper ("x86 Options" and "ARM Options" of GCC; `host_detect_local_cpu`), so that what it
 * says it would start has them.
 */

/** What a compiler says of one such flag; texts as it printed them in English. */
export interface NativeAnswer {
  /** `gcc -### -E -` without any flag. */
  readonly base: string;
  /** The same with the flag. */
  readonly native: string;
  /** `gcc -Q --help=target` with the choice of {@link chosenMachine} alone; empty where there is none. */
  readonly target: string;
}

const nativeFlag = /^-m(?:arch|cpu|tune)=native$/;

/** The flags of CFLAGS that have the compiler find out itself what the machine is, each once. */
export function nativeFlagsOf(cflags: string): readonly string[] {
  return [...new Set(wordsOf(cflags).filter((word) => nativeFlag.test(word)))];
}

/** The one `-march=` or `-mcpu=` that stands for most of what `native` comes to; undefined where it is not said. */
export function chosenMachine({ base, native }: Pick<NativeAnswer, 'base' | 'native'>): string | undefined {
  return addedFlags(base, native)?.find((flag) => /^-m(?:arch|cpu)=/.test(flag));
}

/**
 * The real flags that one of `native` stands for, without those that the machine that was chosen has anyway; undefined
 * where the compiler did not say, as Clang does not.
 */
export function realFlags({ base, native, target }: NativeAnswer): readonly string[] | undefined {
  const implied = parseTargetOptions(target);
  return addedFlags(base, native)?.filter((flag) => {
    const [, name = '', value] = /^(-m[^=]+=)(.*)$/.exec(flag) ?? [];
    if (name === '-mtune=') return implied.get(name) !== value;
    const off = /^-mno-(.*)$/.exec(flag);
    return off === null ? implied.get(flag) !== '[enabled]' : implied.get(`-m${off[1]}`) !== '[disabled]';
  });
}

/** CFLAGS with the real flags in the place of those that `resolved` knows, each of them once. */
export function replaceNative(cflags: string, resolved: ReadonlyMap<string, readonly string[]>): string {
  const replaced = new Set<string>();
  const words = wordsOf(cflags).flatMap((word) => {
    const flags = resolved.get(word);
    if (flags === undefined) return [word];
    // Where two of them say the same, as -march and -mtune mostly do, once is enough.
    const others = flags.filter((flag) => !replaced.has(flag));
    for (const flag of others) replaced.add(flag);
    return others;
  });
  return words.join(' ');
}

/** What the compiler proper would be told on top of what it is told anyway. */
function addedFlags(base: string, native: string): readonly string[] | undefined {
  const usual = machineFlags(base);
  return machineFlags(native)?.filter((flag) => usual?.includes(flag) !== true);
}

/** The flags of the machine on the line that starts the compiler proper, `--param` joined with its value. */
function machineFlags(output: string): readonly string[] | undefined {
  const line = output.split('\n').find((one) => /^ "?\S*\/cc1"? /.test(one));
  if (line === undefined) return undefined;
  const words = line.trim().match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  const plain = words.map((word) => word.replace(/^"(.*)"$/, '$1').replaceAll(/\\(.)/g, '$1'));
  return plain.flatMap((word, index) => {
    if (word === '--param') return [`--param=${plain[index + 1] ?? ''}`];
    return /^-m[a-z0-9]/.test(word) || word.startsWith('--param=') ? [word] : [];
  });
}

/** `-mavx` to `[enabled]` or `[disabled]`, `-mtune=` to a name. */
function parseTargetOptions(text: string): ReadonlyMap<string, string> {
  const rows = text.matchAll(/^ {2}(-m\S+)[ \t]+(\S+)[ \t]*$/gm);
  return new Map(Array.from(rows, ([, name = '', value = '']) => [name, value]));
}

function wordsOf(cflags: string): readonly string[] {
  return cflags.split(/\s+/).filter((word) => word !== '');
}
