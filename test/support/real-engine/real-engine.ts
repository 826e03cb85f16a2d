import Docker from 'dockerode';

import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import type { ContractSubject } from '../engine-contract.ts';
import { uniqueName } from '../unique-name.ts';

/** The image of the tests' containers. `npm test` makes it before it starts the tests. */
export const stage = 'gentoo-ministage';

/** The engine of `DOCKER_HOST` or of the default socket, through dockerode: for requests that the project itself never makes. */
export function rawDocker(): Docker {
  return new Docker();
}

/** The real engine and an image made for the contract suite from the stage, which is removed at the end. */
export async function openRealEngine(): Promise<ContractSubject> {
  const image = uniqueName('contract');
  const container = await rawDocker().createContainer({
    Image: stage,
    Cmd: ['/bin/sh', '-c', 'ln -s sh /bin/link-to-sh'],
    Entrypoint: [''],
  });
  await container.start();
  await container.wait();
  const changes = ['ENTRYPOINT ["/bin/echo", "entry"]', 'LABEL base.label=kept', 'VOLUME /declared'];
  await container.commit({ repo: image, changes: changes.join('\n') });
  await container.remove({ v: true });
  return {
    engine: await connectEngine(process.env),
    image,
    async [Symbol.asyncDispose]() {
      await rawDocker().getImage(image).remove();
    },
  };
}
