/** The share of a machine that one make may use. */
export interface MakeShare {
  /** The number of processes at once. */
  readonly jobs: number;
  /** The load average above which make starts no more processes; no limit if undefined. */
  readonly load?: number | undefined;
}

/** `-j8`, `-j 8`, `--jobs=8`. Without a number there is no limit (make(1)). */
const jobsOption = /(?<!\S)(?:-j|--jobs(?:=|(?=\s|$)))\s*(\d*)(?=\s|$)/g;
const loadOption = /(?<!\S)(?:-l|--(?:load-average|max-load)(?:=|(?=\s|$)))\s*(\d*\.?\d*)(?=\s|$)/g;

/**
 * Limits a user's MAKEOPTS to a share of the machine. Numbers that are lower than the share, and all other options, stay.
 */
export function makeOptions(own: string, { jobs, load }: MakeShare): string {
  const lowest = (pattern: RegExp, value: number) =>
    [...own.matchAll(pattern)].reduce((least, [, number = '']) => Math.min(least, Number(number) || least), value);
  const rest = own.replaceAll(jobsOption, ' ').replaceAll(loadOption, ' ').trim().replaceAll(/\s+/g, ' ');
  const most = lowest(loadOption, load ?? Infinity);
  const options = [`-j${lowest(jobsOption, jobs)}`, Number.isFinite(most) ? `-l${most}` : '', rest];
  return options.filter((option) => option !== '').join(' ');
}
