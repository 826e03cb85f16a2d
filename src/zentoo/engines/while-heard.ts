import { performance } from 'node:perf_hooks';
import type { Engine } from '../../engine/engine.ts';
import { Failure } from '../../failure.ts';

/**
 * The milliseconds from the last sign of life of an engine until it is lost. Its containers have ended by then: see `holdCommand`, which
 * waits for half as long.
 */
export const silenceMs = 20_000;
/** The milliseconds between two looks. */
const lookMs = 1000;
/** The milliseconds of silence after which an engine is asked. */
const quietMs = 2500;

/** Work that an engine carries out. */
export interface RemoteWork {
  /** Aborted when the engine is lost. */
  readonly signal: AbortSignal;
  /** Tells that the work needs the engine no more: its loss does not matter from then on. */
  readonly arrived: () => void;
}

/** An engine that gives signs of life. */
export interface HeardEngine {
  readonly name: string;
  readonly engine: Pick<Engine, 'lastHeard' | 'isAnswering'>;
}

/**
 * Carries out work on an engine, which is asked for a sign of life. 20 s after the last one, aborts the signal of the work and throws
 * `engine-lost`: a machine that is cut off closes no connection.
 *
 * @param abandon gets the work that goes on after that, which only cleans up
 */
export async function whileHeard<T>(
  { name, engine }: HeardEngine,
  work: (given: RemoteWork) => Promise<T>,
  abandon: (rest: Promise<unknown>) => void,
): Promise<T> {
  const begun = performance.now();
  const [loss, ended] = [new AbortController(), new AbortController()];
  const lost = Promise.withResolvers<never>();
  let isAsking = false;
  const ask = async () => {
    isAsking = true;
    await engine.isAnswering(ended.signal);
    isAsking = false;
  };
  const look = () => {
    const silent = performance.now() - Math.max(begun, engine.lastHeard());
    if (silent >= silenceMs) {
      loss.abort(lossOf(name));
      abandon(working.catch(() => undefined));
      lost.reject(loss.signal.reason);
    } else if (silent >= quietMs && !isAsking) void ask();
  };
  const timer = setInterval(look, lookMs);
  const working = work({ signal: loss.signal, arrived: () => clearInterval(timer) });
  try {
    return await Promise.race([working, lost.promise]);
  } finally {
    clearInterval(timer);
    ended.abort();
  }
}

function lossOf(name: string): Failure {
  const message = `the engine ${name} has given no sign of life for ${silenceMs / 1000} s`;
  return new Failure('engine-lost', message, {
    hint: 'check the network, and whether the engine runs (docker version)',
  });
}
