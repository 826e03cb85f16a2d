import type { Engine } from '../engine.ts';
import { findOwnContainer } from '../own-container.ts';
import type { LocalEngine } from '../local-engine.ts';
import { connectEngine } from './connect-engine.ts';

const socket = 'unix:///var/run/docker.sock';

/**
 * Returns a function that finds the engine of the machine that this program runs on, at the default socket, if the program works
 * on another engine. The function looks once, when it is first called, and returns undefined if there is no such engine.
 */
export function localEngineBeside(engine: Pick<Engine, 'address'>): () => Promise<LocalEngine | undefined> {
  let found: Promise<LocalEngine | undefined> | undefined;
  return () => (found ??= engine.address === socket ? Promise.resolve(undefined) : find());
}

async function find(): Promise<LocalEngine | undefined> {
  try {
    const engine = await connectEngine({ DOCKER_HOST: socket });
    const [{ id }, self] = await Promise.all([engine.info(), findOwnContainer(engine)]);
    return { id, self, engine };
  } catch {
    // Without an engine on this machine, this program runs in no container of one.
    return undefined;
  }
}
