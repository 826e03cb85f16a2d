import type { Container } from '../engine/engine.ts';
import { Failure } from '../failure.ts';

/**
 * Why a build container, as the engine shows it, does not run any more while `work` was being done in it; undefined if it
 * runs.
 */
export function findContainerLoss(container: Container | undefined, work: string): Failure | undefined {
  if (container?.state === 'running' || container?.state === 'paused') return undefined;
  const how =
    container === undefined || container.state === 'removing'
      ? 'somebody removed it'
      : container.oomKilled
        ? 'the kernel killed it for want of memory'
        : `it is ${container.state} (exit status ${container.exitCode}): somebody stopped it, or the engine was restarted`;
  return new Failure(
    container?.oomKilled === true ? 'out-of-memory' : 'container-lost',
    `failed to ${work}: the build container is gone while it was working: ${how}`,
    { hint: 'nothing was committed; run the same command again' },
  );
}
