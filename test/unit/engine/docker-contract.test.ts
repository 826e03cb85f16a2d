import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import { describeEngineContract } from '../../support/engine-contract.ts';
import { serveEngine } from '../../support/engine-server/engine-server.ts';
import { contractEngine } from './contract-engine.ts';

for (const flavour of ['docker', 'podman'] as const) {
  describeEngineContract(`over HTTP, as ${flavour} answers`, async () => {
    const memory = contractEngine(flavour);
    const server = await serveEngine(memory);
    return {
      engine: await connectEngine({ DOCKER_HOST: server.host }),
      image: 'contract-base',
      async [Symbol.asyncDispose]() {
        memory[Symbol.dispose]();
        await server[Symbol.asyncDispose]();
      },
    };
  });
}
