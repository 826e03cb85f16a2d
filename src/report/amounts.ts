/** A duration for people, from seconds: `0.2s`, `12s`, `1m 02s`, `3h 07m`. What is no duration counts as none. */
export function formatDuration(seconds: number): string {
  const known = Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
  return known < 9.95 ? `${known.toFixed(1)}s` : formatWholeSeconds(Math.round(known));
}

/** The same without tenths, for durations that are still growing: `0s`, `12s`, `1m 02s`, `3h 07m`. */
export function formatElapsed(seconds: number): string {
  return formatWholeSeconds(Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds) : 0);
}

function formatWholeSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${twoDigits(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A size for people, from bytes, in the decimal units of `docker images`: `512 B`, `1.2 kB`, `12 MB`. */
export function formatBytes(bytes: number): string {
  let value = Number.isFinite(bytes) && bytes > 0 ? bytes : 0;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}
