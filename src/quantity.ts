const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a duration such as `90`, `90s`, `15m`, `24h` or `7d`; undefined if it is not one. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * (secondsPerUnit[match[2] || 's'] ?? 1);
}

/** Bytes of a size such as `500M`, `2G` or `1T` (powers of 1024); undefined if it is not one. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12})([KMGT]?)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * 1024 ** ' KMGT'.indexOf(match[2] || ' ');
}

/** Where packages are built: in memory as far as there is room, on a volume, or on a tmpfs of so many bytes. */
export type TmpfsSetting = 'auto' | 'off' | number;

/** Reads `auto`, `off` or a size other than 0; undefined if it is none of these. */
export function parseTmpfs(text: string): TmpfsSetting | undefined {
  if (text === 'auto' || text === 'off') return text;
  return parseSize(text) || undefined;
}

/** `6.5 GiB`, `900 MiB`: rounded down, so that there is never less than it says. */
export function describeSize(bytes: number): string {
  const [unit, name] = bytes >= 1024 ** 3 ? ([1024 ** 3, 'GiB'] as const) : ([1024 ** 2, 'MiB'] as const);
  const tenths = Math.floor((bytes / unit) * 10);
  return `${tenths % 10 === 0 || name === 'MiB' ? Math.floor(tenths / 10) : tenths / 10} ${name}`;
}
