/**
 * Resolves `-march=native`, `-mcpu=native` and `-mtune=native` to real flags. The driver of GCC replaces them before it starts
 * the compiler proper ("x86 Options" and "ARM Options" of GCC; `host_detect_local_cpu`), and prints the resulting command line
 * with `-###`.
 */

/** The output of a compiler for one `native` flag, in English. */
export interface NativeAnswer {
  /** The output of `gcc -### -E -` without any flag. */
  readonly base: string;
  /** The output of `gcc -### -E -` with the flag. */
  readonly native: string;
  /** The output of `gcc -Q --help=target` with the flag of {@link chosenMachine}; empty if there is no such flag. */
  readonly target: string;
}

const nativeFlag = /^-m(?:arch|cpu|tune)=native$/;

/** The `native` flags in CFLAGS, each once. */
export function nativeFlagsOf(cflags: string): readonly string[] {
  return [...new Set(wordsOf(cflags).filter((word) => nativeFlag.test(word)))];
}

/** The `-march=` or `-mcpu=` flag that `native` resolves to, which implies most other flags; undefined if there is none. */
export function chosenMachine({ base, native }: Pick<NativeAnswer, 'base' | 'native'>): string | undefined {
  return addedFlags(base, native)?.find((flag) => /^-m(?:arch|cpu)=/.test(flag));
}

/**
 * Returns the real flags that a `native` flag resolves to, without the flags that the chosen machine implies. Returns undefined
 * if the compiler does not print them, as Clang does not.
 */
export function realFlags({ base, native, target }: NativeAnswer): readonly string[] | undefined {
  const implied = parseTargetOptions(target);
  return addedFlags(base, native)?.filter((flag) => {
    const [, name = '', value] = /^(-m[^=]+=)(.*)/.exec(flag) ?? [];
    if (name === '-mtune=') return implied.get(name) !== value;
    const off = /^-mno-(.*)/.exec(flag);
    return off === null ? implied.get(flag) !== '[enabled]' : implied.get(`-m${off[1]}`) !== '[disabled]';
  });
}

/** Replaces the `native` flags in CFLAGS by the flags in `resolved`; each real flag appears once. */
export function replaceNative(cflags: string, resolved: ReadonlyMap<string, readonly string[]>): string {
  const replaced = new Set<string>();
  const words = wordsOf(cflags).flatMap((word) => {
    const flags = resolved.get(word);
    if (flags === undefined) return [word];
    // -march=native and -mtune=native mostly resolve to the same flags.
    const others = flags.filter((flag) => !replaced.has(flag));
    for (const flag of others) replaced.add(flag);
    return others;
  });
  return words.join(' ');
}

/** The flags of the compiler proper that `native` adds to the flags in `base`. */
function addedFlags(base: string, native: string): readonly string[] | undefined {
  const usual = machineFlags(base);
  return machineFlags(native)?.filter((flag) => usual?.includes(flag) !== true);
}

/** The machine flags on the line that starts the compiler proper; `--param` is joined with its value. */
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

/** Maps `-mavx` to `[enabled]` or `[disabled]`, `-mtune=` to a name. */
function parseTargetOptions(text: string): ReadonlyMap<string, string> {
  const rows = text.matchAll(/^ {2}(-m\S+)[ \t]+(\S+)[ \t]*$/gm);
  return new Map(Array.from(rows, ([, name = '', value = '']) => [name, value]));
}

function wordsOf(cflags: string): readonly string[] {
  return cflags.split(/\s+/).filter((word) => word !== '');
}
