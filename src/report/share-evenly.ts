/**
 * Divides `room` evenly among demands. In each round, every share that is smaller than its demand grows by one. If `room` does
 * not suffice for the last round, the first demands get the rest.
 */
export function shareEvenly(demands: readonly number[], room: number): number[] {
  const given = demands.map(() => 0);
  let left = Math.max(0, Math.floor(room));
  for (let round = 1; left > 0 && demands.some((demand) => demand >= round); round += 1) {
    for (const [index, demand] of demands.entries()) {
      if (left === 0 || demand < round) continue;
      given[index] = round;
      left -= 1;
    }
  }
  return given;
}
