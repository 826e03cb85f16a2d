/** How much of a machine one make may use. */
export interface MakeShare {
  /** Processes at once. */
  readonly jobs: number;
  /** The load above which it begins no more of them; whatever there is if undefined. */
  readonly load?: number | undefined;
}

/** `-j8`, `-j 8`, `--jobs=8`; without a number there is no limit (make(1)). */
const jobsOption = /(?<!\S)(?:-j|--jobs(?:=|(?=\s|$)))\s*(\d*)(?=\s|$)/g;
const loadOption = /(?<!\S)(?:-l|--(?:load-average|max-load)(?:=|(?=\s|$)))\s*(\d*\.?\d*)(?=\s|$)/g;

/**
 * A MAKEOPTS for a share of the machine, of one that somebody wrote: what that says besides stays, and so do its numbers
 * where they are lower.
 */
export function makeOptions(own: string, { jobs, load }: MakeShare): string {
  const lowest = (pattern: RegExp, value: number) =>
    [...own.matchAll(pattern)].reduce((least, [, number = '']) => Math.min(least, Number(number) || least), value);
  const rest = own.replaceAll(jobsOption, ' ').replaceAll(loadOption, ' ').trim().replaceAll(/\s+/g, ' ');
  const most = lowest(loadOption, load ?? Infinity);
  const options = [`-j${lowest(jobsOption, jobs)}`, Number.isFinite(most) ? `-l${most}` : '', rest];
  return options.filter((option) => option !== '').join(' ');
}
