/** The share of a machine that one make may use. */
export interface MakeShare {
  /** The number of processes at once. */
  readonly jobs: number;
  /** The load average above which make starts no more processes; no limit if undefined. */
  readonly load?: number | undefined;
}

/** The options of make(1) without an argument that may be in one word before `-j` or `-l`: `-kj8`. */
const bundle = /(?<!\S)-([bBdehikLmnpqrRsStvw]+)(?=[jl]\d*(?:\.\d*)?(?:\s|$))/g;
/** `-j8`, `-j 8`, `--jobs=8`. Without a number there is no limit (make(1)). */
const jobsOption = /(?<!\S)(?:-j|--jobs(?:=|(?=\s|$)))\s*(\d*)(?=\s|$)/g;
const loadOption = /(?<!\S)(?:-l|--(?:load-average|max-load)(?:=|(?=\s|$)))\s*(\d*(?:\.\d*)?)(?=\s|$)/g;

/**
 * Limits a user's MAKEOPTS to a share of the machine. Numbers that are lower than the share, and all other options, stay. Also for
 * NINJAOPTS: ninja knows `-jN` and `-lN`.
 */
export function makeOptions(given: string, { jobs, load }: MakeShare): string {
  const own = given.replaceAll(bundle, '-$1 -');
  const lowest = (pattern: RegExp, value: number) =>
    [...own.matchAll(pattern)].reduce((least, [, number = '']) => Math.min(least, Number(number) || least), value);
  const rest = own.replaceAll(jobsOption, ' ').replaceAll(loadOption, ' ').trim().replaceAll(/\s+/g, ' ');
  const most = lowest(loadOption, load ?? Infinity);
  const options = [`-j${lowest(jobsOption, jobs)}`, Number.isFinite(most) ? `-l${most}` : '', rest];
  return options.filter((option) => option !== '').join(' ');
}
