import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineRefusal } from '../engine/refusal.ts';
import type { ImageId } from '../engine/identifiers.ts';
import type { CommitRequest } from '../engine/images.ts';
import { Failure } from '../failure.ts';
import type { ContainerSession } from './container-session.ts';

const shortestTimeoutMs = 20_000;
const pollMs = 200;

/**
 * Commits a container once. If the engine's answer is lost, the engine may still be committing, so the function waits for an
 * image with the name: the name is reserved, so no other build makes that image. `hint` is the hint of the failure if the
 * engine refuses the commit.
 */
export async function commitOnce(
  session: ContainerSession,
  request: CommitRequest,
  hint = 'run again with --keep-failed to keep the container, and look into it',
): Promise<ImageId> {
  const start = performance.now();
  const { engine } = session;
  const { name } = request;
  try {
    return await engine.commitContainer(session.id, request);
  } catch (error) {
    // `unreachable` may be the answer of a proxy that did not wait; the engine may still be committing.
    if (error instanceof EngineRefusal && error.kind !== 'unreachable') throw commitFailure(name, error, hint);
    const deadline = performance.now() + Math.max(shortestTimeoutMs, performance.now() - start);
    do {
      const image = await engine.inspectImage(name).catch(() => undefined);
      if (image !== undefined) return image.id;
      await delay(pollMs);
    } while (performance.now() < deadline);
    throw error;
  }
}

function commitFailure(name: string, refusal: EngineRefusal, hint: string): Failure {
  return new Failure('commit-failed', `failed to commit ${name}: ${refusal.message}`, {
    hint:
      refusal.kind === 'no-space'
        ? "the disk of the engine's data directory is full: `docker system df` shows how much images, containers and volumes use"
        : hint,
    cause: refusal,
  });
}
