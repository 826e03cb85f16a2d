/** What make.conf says of one kind of processor. */
export interface CpuSettings {
  readonly name: string;
  readonly chost: string;
  readonly cflags: string;
  readonly cpuFlags: readonly { readonly variable: string; readonly flags: string }[];
}

/** Variables of make.conf that are lists of flags of a compiler; make.conf(5). */
const sameFlags = ['CXXFLAGS', 'FFLAGS', 'FCFLAGS'] as const;

/**
 * The lines that set them, for the end of a make.conf, so that nothing before them matters. Unlike the environment,
 * they leave to package.env what it sets for single packages (make.conf(5), portage(5)).
 */
export function cpuSettings(cpu: CpuSettings, pkgdir: string | undefined): string {
  const settings: readonly (readonly [string, string])[] = [
    ['CHOST', cpu.chost],
    ['CFLAGS', cpu.cflags],
    ...sameFlags.map((name) => [name, cpu.cflags] as const),
    ...cpu.cpuFlags.map(({ variable, flags }) => [variable, flags] as const),
    ...(pkgdir === undefined ? [] : [['PKGDIR', pkgdir] as const]),
  ];
  const lines = settings.map(([name, value]) => `${name}="${escape(value)}"\n`).join('');
  return `# The cpu ${cpu.name} of the site.\n${lines}`;
}

function escape(value: string): string {
  return value.replaceAll(/["\\$`]/g, String.raw`\$&`);
}
