import { failuresOf } from '../../failure.ts';
import type { Cpu } from '../../site/site.ts';

/** The answers to the question which code the machine of an engine runs: it is asked once for each CPU. */
export class CheckedCpus {
  readonly #answers = new Map<string, Promise<void>>();

  /** Asks by `check`, which throws `cpu-unusable`, unless that was asked before. Any other failure is no answer. */
  async check(
    { name, chost, cflags }: Pick<Cpu, 'name' | 'chost' | 'cflags'>,
    check: () => Promise<void>,
  ): Promise<void> {
    const key = JSON.stringify([name, chost, cflags]);
    const known = this.#answers.get(key);
    // The container of another order may have ended while it asked.
    if (known !== undefined && (await known.then(() => true).catch(isUnusable))) return known;
    const answer = check();
    this.#answers.set(key, answer);
    return answer;
  }
}

function isUnusable(error: unknown): boolean {
  return failuresOf(error).some(({ code }) => code === 'cpu-unusable');
}
