import { describe, expect, it } from 'vitest';
import { EngineFactors } from '../../../src/schedule/engine-factors.ts';

const medianOf = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Numbers from 0 to 1 that look random and are the same for the same seed (the minimal standard generator of Park and Miller). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** A simulation: the seconds of packages on the site's own engine, and on one of which each build takes `speed` times as long. */
function simulate(next: () => number, speed: number, count: number) {
  // As in ::gentoo, most packages are short and few are long; two builds of one differ by a quarter.
  const noise = () => Math.exp(0.25 * (next() + next() + next() - 1.5));
  return Array.from({ length: count }, () => {
    const seconds = 2 + 20 * (1 / (0.001 + next()) - 1);
    return { own: seconds * noise(), seconds: seconds * speed * noise() };
  });
}

describe('the factor of an engine', () => {
  it.each([0.1, 0.5, 1, 3, 10])('estimates other packages of an engine that takes %f times as long', (speed) => {
    for (let seed = 1; seed <= 200; seed++) {
      const next = numbersFrom(seed);
      const factors = new EngineFactors();
      for (const known of simulate(next, speed, 20)) factors.observe('far', known);
      const errors = simulate(next, speed, 200).map(
        ({ own, seconds }) => Math.abs(own * factors.factorOf('far') - seconds) / seconds,
      );
      expect([seed, medianOf(errors) <= 0.25]).toEqual([seed, true]);
    }
  });

  it('is the median of the ratios, which single builds of a busy machine do not move', () => {
    const factors = new EngineFactors();
    for (const seconds of [20, 21, 19, 900]) factors.observe('far', { own: 10, seconds });
    expect(factors.factorOf('far')).toBeCloseTo(2.05);
    factors.observe('far', { own: 10, seconds: 20 });
    expect(factors.factorOf('far')).toBe(2);
  });

  it('is 1 for an engine on which few or no packages were built that are known', () => {
    const factors = new EngineFactors();
    for (const own of [10, 0, 10]) factors.observe('far', { own, seconds: 50 });
    expect([factors.factorOf('far'), factors.factorOf('near')]).toEqual([1, 1]);
  });
});
