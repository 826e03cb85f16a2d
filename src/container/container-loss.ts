import type { Container } from '../engine/containers.ts';
import { Failure } from '../failure.ts';

/**
 * The failure that explains why a build container stopped during `work`; undefined if the container runs or is paused.
 * `container` is the engine's answer, undefined if the engine does not have the container.
 */
export function findContainerLoss(container: Container | undefined, work: string): Failure | undefined {
  if (container?.state === 'running' || container?.state === 'paused') return undefined;
  const how =
    container === undefined || container.state === 'removing'
      ? 'somebody removed it'
      : container.oomKilled
        ? 'the kernel killed it because memory was short'
        : `it is ${container.state} (exit status ${container.exitCode}): somebody stopped it, or the engine was restarted`;
  return new Failure(
    container?.oomKilled === true ? 'out-of-memory' : 'container-lost',
    `failed to ${work}: the build container is gone: ${how}`,
    { hint: 'nothing was committed; run the same command again' },
  );
}
