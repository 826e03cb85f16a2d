import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import type { BuildContainer } from './build-container.ts';
import { terminateCommand } from './job-scripts.ts';

const graceMs = 3000;
const pollMs = 50;
const stopMs = 3000;

/** Lets go of the container's standard input, which ends it at once, and kills it should it not end. */
export async function stopBuildContainer(engine: Engine, container: BuildContainer): Promise<void> {
  container.hold.close();
  const patience = AbortSignal.timeout(stopMs);
  try {
    await engine.waitContainer(container.id, patience);
  } catch (error) {
    if (!patience.aborted) throw error;
    await engine.killContainer(container.id, 'SIGKILL');
    await engine.waitContainer(container.id, AbortSignal.timeout(stopMs));
  }
}

/**
 * Ends whatever runs in the container: SIGTERM to every process, so that emerge can put its files in order, and after
 * three seconds the end of the container. emerge alone would wait for the command that it runs.
 */
export async function terminateBuildContainer(engine: Engine, container: BuildContainer): Promise<void> {
  const job = container.lastJob;
  const state = (await engine.inspectContainer(container.id))?.state;
  if (state === undefined) return;
  if (state === 'running' && job !== undefined && (await engine.execExitCode(job)) === undefined) {
    await engine.execDetached(container.id, { command: terminateCommand });
    const deadline = Date.now() + graceMs;
    // An exec has no event that a client with few rights may wait for.
    while (Date.now() < deadline && (await engine.execExitCode(job)) === undefined) await delay(pollMs);
  }
  await stopBuildContainer(engine, container);
}
