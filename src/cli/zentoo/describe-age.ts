/** Formats an age in seconds in the largest unit that fits, rounded down: `0s`, `59s`, `3m`, `47h`, `2d`. */
export function describeAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m`;
  return whole < 172_800 ? `${Math.floor(whole / 3600)}h` : `${Math.floor(whole / 86_400)}d`;
}
