/** The number of packages that must have been built on both engines. */
const fewest = 3;

/**
 * How many times as long as the site's own engine further engines take: the median over the packages that were built on both. It is 1 as
 * long as few were.
 */
export class EngineFactors {
  readonly #ratios = new Map<string, number[]>();

  /** Notes that an engine took `seconds` for what takes `own` seconds on the site's own engine. */
  observe(engine: string, { own, seconds }: { readonly own: number; readonly seconds: number }): void {
    if (own > 0 && seconds > 0) this.#ratios.set(engine, [...(this.#ratios.get(engine) ?? []), seconds / own]);
  }

  factorOf(engine: string): number {
    const sorted = (this.#ratios.get(engine) ?? []).toSorted((a, b) => a - b);
    if (sorted.length < fewest) return 1;
    const [lower = 1, upper = lower] = sorted.slice(Math.floor((sorted.length - 1) / 2));
    return sorted.length % 2 === 1 ? lower : (lower + upper) / 2;
  }
}
