const secondsPerUnit: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);

/** Reads a duration such as `90`, `90s`, `15m`, `24h` or `7d` in seconds; undefined if the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,9})(\D?)$/.exec(text) ?? [];
  const seconds = secondsPerUnit.get(unit);
  return count === undefined || seconds === undefined ? undefined : Number(count) * seconds;
}

const sizeUnits = ['', 'K', 'M', 'G', 'T'];

/** Reads a size such as `500M`, `2G` or `1T` (powers of 1024) in bytes; undefined if the text is not a size. */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,12})(\D?)$/.exec(text) ?? [];
  const power = sizeUnits.indexOf(unit);
  return count === undefined || power < 0 ? undefined : Number(count) * 1024 ** power;
}

/** The place of builds: a tmpfs if enough memory is free (`auto`), a volume (`off`), or a tmpfs of this many bytes. */
export type TmpfsSetting = 'auto' | 'off' | number;

/** Reads `auto`, `off` or a size other than 0; undefined for any other text. */
export function parseTmpfs(text: string): TmpfsSetting | undefined {
  if (text === 'auto' || text === 'off') return text;
  return parseSize(text) || undefined;
}

/** Formats an amount of memory in binary units: `6.5 GiB`, `900 MiB`. Rounds down, so that the text never promises too much. */
export function formatMemorySize(bytes: number): string {
  const [unit, name] = bytes >= 1024 ** 3 ? ([1024 ** 3, 'GiB'] as const) : ([1024 ** 2, 'MiB'] as const);
  const tenths = Math.floor((bytes / unit) * 10);
  return `${tenths % 10 === 0 || name === 'MiB' ? Math.floor(tenths / 10) : tenths / 10} ${name}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Formats a size of files or images in the decimal units of `docker images`: `512 B`, `1.2 kB`, `12 MB`. */
export function formatBytes(bytes: number): string {
  let value = Number.isFinite(bytes) && bytes > 0 ? bytes : 0;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}
