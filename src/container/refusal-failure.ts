import { EngineRefusal } from '../engine/refusal.ts';
import { Failure } from '../failure.ts';

/** Awaits a call of the engine; throws a refusal as a `Failure` that says which `step` failed. */
export async function explainRefusal<T>(call: Promise<T>, step = 'build'): Promise<T> {
  return call.catch((error: unknown) => {
    throw error instanceof EngineRefusal ? refusalFailure(error, step) : error;
  });
}

/** Creates the failure for a refusal that has no better explanation than the engine's own words. */
export function refusalFailure(refusal: EngineRefusal, step = 'build'): Failure {
  return new Failure('engine-refused', `failed to ${step}: the engine says: ${refusal.message}`, {
    hint: "read the engine's log on its machine",
    cause: refusal,
  });
}
