/** The longest delay of one timer of Node; a longer one would fire at once. */
const longestDelayMs = 2 ** 31 - 1;

/** A timer that was started with {@link startTimer}. */
export interface Timer {
  clear(): void;
}

/** Calls `callback` after `delayMs` milliseconds, which may be more than the 24.8 days of one timer of Node. */
export function startTimer(callback: () => void, delayMs: number): Timer {
  let timer: NodeJS.Timeout;
  const wait = (rest: number): void => {
    const part = Math.min(rest, longestDelayMs);
    timer = setTimeout(() => (rest > part ? wait(rest - part) : callback()), part);
  };
  wait(delayMs);
  return { clear: () => clearTimeout(timer) };
}
