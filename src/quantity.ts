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
