import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { whileHeard, type RemoteWork } from '../../../../src/zentoo/engines/while-heard.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../../support/fake-time.ts';

/** An engine that answers the pings for which `answers` says so, and is heard by nothing else. */
class PingedEngine {
  heardAt = performance.now();
  pings = 0;
  readonly #answers: (ping: number) => boolean;

  constructor(answers: (ping: number) => boolean) {
    this.#answers = answers;
  }

  lastHeard(): number {
    return this.heardAt;
  }

  isAnswering(): Promise<boolean> {
    const isAnswering = this.#answers(++this.pings);
    if (isAnswering) this.heardAt = performance.now();
    return Promise.resolve(isAnswering);
  }
}

/** Carries out work for which `act` stands. Returns what it was given and what was abandoned. */
function carryOut(engine: PingedEngine, act: (given: RemoteWork) => Promise<string>) {
  const abandoned: Promise<unknown>[] = [];
  const working = whileHeard({ name: 'far', engine }, act, (rest) => void abandoned.push(rest));
  working.catch(() => undefined);
  return { working, abandoned };
}

const never = new Promise<string>(() => undefined);

describe('work on another engine', () => {
  beforeEach(fakeTime);
  afterEach(restoreTime);

  it('ends 20 s after the last sign of life, never earlier, and is told so', async () => {
    const engine = new PingedEngine((ping) => ping <= 10);
    let signal: AbortSignal | undefined;
    const { working, abandoned } = carryOut(engine, (given) => {
      ({ signal } = given);
      return never;
    });
    await expect(passTime(working)).rejects.toMatchObject({
      code: 'engine-lost',
      message: 'the engine far has given no sign of life for 20 s',
    });
    const silent = performance.now() - engine.heardAt;
    expect(silent).toBeGreaterThanOrEqual(20_000);
    expect(silent).toBeLessThan(22_000);
    expect(signal?.reason).toMatchObject({ code: 'engine-lost' });
    expect(abandoned).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts from its begin if the engine was not heard for long', async () => {
    const engine = new PingedEngine(() => false);
    vi.advanceTimersByTime(3_600_000);
    const elapsed = stopwatch();
    await expect(passTime(carryOut(engine, () => never).working)).rejects.toMatchObject({ code: 'engine-lost' });
    expect(elapsed()).toBe(20_000);
  });

  it('may last for hours while the engine answers one of several pings', async () => {
    const engine = new PingedEngine((ping) => ping % 5 === 0);
    const { promise, resolve } = Promise.withResolvers<string>();
    const { working, abandoned } = carryOut(engine, () => promise);
    await vi.advanceTimersByTimeAsync(7_200_000);
    resolve('compiled');
    expect(await working).toBe('compiled');
    expect(abandoned).toEqual([]);
  });

  it('does not need the engine any more once its packages have come', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const { working } = carryOut(new PingedEngine(() => false), ({ arrived }) => {
      arrived();
      return promise;
    });
    await vi.advanceTimersByTimeAsync(60_000);
    resolve('taken in');
    expect(await working).toBe('taken in');
  });

  it('fails with its own failure', async () => {
    const engine = new PingedEngine(() => true);
    const { working, abandoned } = carryOut(engine, () => Promise.reject(new Error('compile')));
    await expect(working).rejects.toThrow('compile');
    expect(abandoned).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
