import { Failure } from '../../failure.ts';
import type { EngineVersion } from '../engine.ts';

/** The oldest API version with all requests that this project makes: that of Docker 20.10. */
const oldestApi = '1.41';

/** The newest API version that this project was written for: that of Docker 27. */
const newestApi = '1.47';

/**
 * Chooses the API version to speak: the newest one that both sides know. If the engine has dropped 1.47, the function chooses
 * the oldest version that the engine still accepts (`minimum`). Throws a `Failure` `engine-too-old` below 1.41.
 */
export function negotiateApi(version: EngineVersion, minimum: string): string {
  if (compareApi(version.api, oldestApi) < 0) {
    throw new Failure(
      'engine-too-old',
      `failed to use Docker engine ${version.engine}: its API ${version.api} is older than ${oldestApi}`,
      { hint: `upgrade the engine: API ${oldestApi} came with Docker 20.10` },
    );
  }
  const newest = compareApi(version.api, newestApi) < 0 ? version.api : newestApi;
  return compareApi(newest, minimum) < 0 ? minimum : newest;
}

/** Whether this project knows the API version `api`, so that it can use that version with the engine. */
export function isKnownApi(api: string): boolean {
  return /^\d+\.\d+$/.test(api) && compareApi(api, oldestApi) >= 0 && compareApi(api, newestApi) <= 0;
}

function compareApi(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}
