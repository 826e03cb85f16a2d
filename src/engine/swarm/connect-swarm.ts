import { connectClient } from '../docker/connect-engine.ts';
import type { EngineEnvironment } from '../docker/engine-address.ts';
import { dockerSwarm } from './docker-swarm.ts';
import type { Swarm } from './swarm.ts';

/** Connects to the engine that `environment` names, as `connectEngine` does, for the requests that concern its swarm. */
export async function connectSwarm(environment: EngineEnvironment): Promise<Swarm> {
  const { client } = await connectClient(environment);
  return dockerSwarm(client);
}
