import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineRefusal, type ImageId } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';

const shortestPatienceMs = 20_000;
const pollMs = 200;
/** What a proxy answers with while the engine is at work still: as good as no answer. */
const gatewayStatuses = new Set([502, 504]);

/** A Dockerfile instruction for each label. */
export function labelInstructions(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(labels).map(([key, value]) => `LABEL ${key}=${quoteLabel(value)}`);
}

/** A value in double quotes, with what the instruction's grammar would expand or end it escaped. */
function quoteLabel(value: string): string {
  return `"${value.replaceAll(/["\\$]/g, String.raw`\$&`)}"`;
}

/**
 * Commits. Where the answer is lost the engine may well be at work still, so the image is waited for: its name was free
 * and is reserved, so it can only be this build's. Never committed twice. `hint` is what to do where the engine refuses.
 */
export async function commitOnce(
  { engine }: Pick<BuildContext, 'engine'>,
  container: BuildContainer,
  name: string,
  changes: readonly string[],
  hint = 'run again with --keep-failed to have the container left to look at',
): Promise<ImageId> {
  const start = performance.now();
  try {
    return await engine.commitContainer(container.id, { name, changes });
  } catch (error) {
    if (error instanceof EngineRefusal && !gatewayStatuses.has(error.status)) throw commitFailure(name, error, hint);
    const deadline = performance.now() + Math.max(shortestPatienceMs, performance.now() - start);
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
    hint: /no space left/i.test(refusal.message)
      ? "the disk of the engine's data directory is full: `docker system df` shows what takes the room"
      : hint,
    cause: refusal,
  });
}
