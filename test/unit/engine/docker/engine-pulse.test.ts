import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EnginePulse } from '../../../../src/engine/docker/engine-pulse.ts';
import { fakeTime, restoreTime, stopwatch } from '../../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const never = new Promise<string>(() => undefined);
const refused = () => Promise.reject(new Error('refused'));

describe('case 1.10: a request to an engine on another machine', () => {
  it('fails if the engine answers three pings in a row no more', async () => {
    const elapsed = stopwatch();
    const failed = new EnginePulse(refused).watch(never).catch((error: unknown) => [error, Math.round(elapsed())]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await failed).toEqual([expect.objectContaining({ code: 'ETIMEDOUT' }), 15_000]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may last for hours while the engine answers', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    let nth = 0;
    // Two of three pings are lost.
    const result = new EnginePulse(() => (++nth % 3 === 0 ? Promise.resolve() : refused())).watch(promise);
    await vi.advanceTimersByTimeAsync(3_600_000);
    resolve('committed');
    expect(await result).toBe('committed');
  });

  it('is not pinged about if it is short, and its own failure counts', async () => {
    const ping = vi.fn(refused);
    const pulse = new EnginePulse(ping);
    expect(await pulse.watch(Promise.resolve(1))).toBe(1);
    await expect(pulse.watch(Promise.reject(new Error('no such container')))).rejects.toThrow('no such container');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ping).not.toHaveBeenCalled();
  });
});
