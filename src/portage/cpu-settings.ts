/** What make.conf says of one kind of processor. */
export interface CpuSettings {
  readonly name: string;
  readonly chost: string;
  readonly cflags: string;
  readonly cpuFlags: readonly { readonly variable: string; readonly flags: string }[];
}

/** Variables of make.conf that have the flags of CFLAGS unless they are told otherwise; make.conf(5). */
const sameFlags = ['CXXFLAGS', 'FFLAGS', 'FCFLAGS'] as const;

/**
 * The lines that set them, and other variables, for the end of a make.conf, so that nothing before them matters. Unlike the
 * environment, they leave to package.env what it sets for single packages (make.conf(5), portage(5)).
 */
export function cpuSettings(cpu: CpuSettings, others: Readonly<Record<string, string>>): string {
  const settings = {
    CHOST: cpu.chost,
    CFLAGS: cpu.cflags,
    ...Object.fromEntries(sameFlags.map((name) => [name, cpu.cflags])),
    ...Object.fromEntries(cpu.cpuFlags.map(({ variable, flags }) => [variable, flags])),
    ...others,
  };
  return `# The cpu ${cpu.name} of the site.\n${makeConfLines(settings)}`;
}

/** A line of make.conf for each variable. */
export function makeConfLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}="${value.replaceAll(/["\\$`]/g, String.raw`\$&`)}"\n`)
    .join('');
}
