const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes for people, in the decimal units of `docker images`: `512 B`, `1.2 kB`, `495 MB`. */
export function describeSize(bytes: number): string {
  let value = bytes;
  let power = 0;
  for (; value >= 999.5 && power < units.length - 1; power += 1) value /= 1000;
  return `${power > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[power]}`;
}

/** Seconds for people, in the largest unit that fits, rounded down: `0s`, `59s`, `3m`, `47h`, `2d`. */
export function describeAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m`;
  return whole < 172_800 ? `${Math.floor(whole / 3600)}h` : `${Math.floor(whole / 86_400)}d`;
}
