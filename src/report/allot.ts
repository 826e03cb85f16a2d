/**
 * Shares out `room` among those that want so much each: all get as much as any other one that wants it, and what is over
 * goes to the first.
 */
export function allot(wants: readonly number[], room: number): number[] {
  const given = wants.map(() => 0);
  let left = Math.max(0, Math.floor(room));
  for (let round = 1; left > 0 && wants.some((want) => want >= round); round += 1) {
    for (const [index, want] of wants.entries()) {
      if (left === 0 || want < round) continue;
      given[index] = round;
      left -= 1;
    }
  }
  return given;
}
