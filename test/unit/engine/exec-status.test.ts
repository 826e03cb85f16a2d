import { afterEach, describe, expect, test } from 'vitest';

import { findExecStatus, waitForExecStatus } from '../../../src/engine/exec-status.ts';
import { fakeTime, passTime, restoreTime, stopwatch } from '../../support/fake-time.ts';
import { exec } from './every-call.ts';

afterEach(restoreTime);

/** An engine that gives these exit codes one after the other, the last one again and again. */
function engineWith(...codes: readonly (number | undefined)[]) {
  let asked = 0;
  return { execExitCode: () => Promise.resolve(codes[Math.min(asked++, codes.length - 1)]) };
}

test.each([
  [0, 0],
  [3, 3],
  [127, 127],
  // The engine gives 126 to a process whose client is gone.
  [126, undefined],
  [undefined, undefined],
])('the exit code %s of a process means the status %s', async (code, status) => {
  expect(await findExecStatus(engineWith(code), exec)).toBe(status);
});

describe('waiting for the status of a process whose output has ended', () => {
  test('ends as soon as the engine knows it', async () => {
    fakeTime();
    const elapsed = stopwatch();
    const status = waitForExecStatus(engineWith(undefined, undefined, 5), exec, { timeoutMs: 60_000 });
    expect(await passTime(status)).toBe(5);
    expect(elapsed()).toBeLessThan(1000);
  });

  test('is given up after the time limit, and not before', async () => {
    fakeTime();
    const elapsed = stopwatch();
    expect(await passTime(waitForExecStatus(engineWith(undefined), exec, { timeoutMs: 5000 }))).toBeUndefined();
    expect(elapsed()).toBeGreaterThanOrEqual(5000);
    expect(elapsed()).toBeLessThan(6000);
  });

  test('does not take 126 for the status', async () => {
    expect(await waitForExecStatus(engineWith(126), exec, { timeoutMs: 5000 })).toBeUndefined();
  });

  test('ends with an AbortError if the signal is aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(waitForExecStatus(engineWith(undefined), exec, { timeoutMs: 5000, signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
