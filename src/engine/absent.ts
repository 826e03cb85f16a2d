import { EngineRefusal } from './engine.ts';

/** What a request answers, or undefined when the engine says that the thing is not there (404). */
export async function unlessAbsent<T>(request: Promise<T>): Promise<T | undefined> {
  return await unlessRefused(request, 404);
}

/** What a request answers, or undefined when the engine refuses it with that HTTP status. */
export async function unlessRefused<T>(request: Promise<T>, status: number): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === status) return undefined;
    throw error;
  }
}
