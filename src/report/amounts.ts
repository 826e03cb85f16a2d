/** Formats seconds for people: `0.2s`, `12s`, `1m 02s`, `3h 07m`. Negative and non-finite values count as 0. */
export function formatDuration(seconds: number): string {
  const known = Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
  return known < 9.95 ? `${known.toFixed(1)}s` : formatWholeSeconds(Math.round(known));
}

/** Formats seconds without tenths, for durations that still grow: `0s`, `12s`, `1m 02s`, `3h 07m`. */
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
