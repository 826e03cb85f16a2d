import { EngineRefusal, type RefusalKind } from '../refusal.ts';

/** The answer to a request; undefined if the engine says that the object does not exist. */
export async function unlessAbsent<T>(request: Promise<T>): Promise<T | undefined> {
  return await unlessRefused(request, 'absent');
}

/** The answer to a request; undefined if the engine refuses it for that reason. */
export async function unlessRefused<T>(request: Promise<T>, kind: RefusalKind): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof EngineRefusal && error.kind === kind) return undefined;
    throw error;
  }
}
