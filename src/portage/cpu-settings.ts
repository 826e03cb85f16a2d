/** The settings in make.conf for one kind of processor. */
export interface CpuSettings {
  readonly name: string;
  readonly chost: string;
  readonly cflags: string;
  readonly cpuFlags: readonly { readonly variable: string; readonly flags: string }[];
}

/** Variables of make.conf that get the value of CFLAGS; make.conf(5). */
const sameFlags = ['CXXFLAGS', 'FFLAGS', 'FCFLAGS'] as const;

/**
 * The lines that set the variables of a CPU and `others`. They go to the end of a make.conf, where they override the lines
 * before. Unlike variables in the environment, they do not override package.env (make.conf(5), portage(5)).
 */
export function cpuSettings(cpu: CpuSettings, others: Readonly<Record<string, string>>): string {
  const settings = {
    CHOST: cpu.chost,
    CFLAGS: cpu.cflags,
    ...Object.fromEntries(sameFlags.map((name) => [name, cpu.cflags])),
    ...Object.fromEntries(cpu.cpuFlags.map(({ variable, flags }) => [variable, flags])),
    ...others,
  };
  return `# Settings of the CPU ${cpu.name}.\n${makeConfLines(settings)}`;
}

/** Formats one line of make.conf for each variable. */
export function makeConfLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}="${value.replaceAll(/["\\$`]/g, String.raw`\$&`)}"\n`)
    .join('');
}
