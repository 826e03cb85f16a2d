import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerSession } from './container-session.ts';
import { terminateCommand } from './container-scripts.ts';

const graceMs = 3000;
const pollMs = 50;
const stopMs = 3000;

/** Closes the container's standard input, which stops the container at once; kills the container if it does not stop. */
export async function stopBuildContainer({ engine, id, hold }: ContainerSession): Promise<void> {
  hold.close();
  const timeout = AbortSignal.timeout(stopMs);
  try {
    await engine.waitContainer(id, timeout);
  } catch (error) {
    if (!timeout.aborted) throw error;
    await engine.killContainer(id, 'SIGKILL');
    await engine.waitContainer(id, AbortSignal.timeout(stopMs));
  }
}

/**
 * Ends all processes in the container, then the container. SIGTERM lets emerge clean up its files; after at most three seconds
 * the container stops. All processes get SIGTERM, because emerge alone would wait for the command that it runs.
 */
export async function terminateBuildContainer(session: ContainerSession): Promise<void> {
  const { engine, id, currentJob: job } = session;
  const state = (await engine.inspectContainer(id))?.state;
  if (state === undefined) return;
  if (state === 'running' && job !== undefined && (await engine.execExitCode(job)) === undefined) {
    await session.start({ command: terminateCommand() });
    // A clock that is set back meanwhile must not lengthen the grace.
    const deadline = performance.now() + graceMs;
    // The program polls, because a proxy that allows only few requests may refuse the engine's events.
    while (performance.now() < deadline && (await engine.execExitCode(job)) === undefined) await delay(pollMs);
  }
  await stopBuildContainer(session);
}
