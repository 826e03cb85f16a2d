import Docker from 'dockerode';

import { connectEngine } from '../../src/engine/connect-engine.ts';
import type { ContractSubject } from './engine-contract.ts';

/** The image that the tests' containers are made from: what `npm test` makes before it starts them. */
export const stage = 'gentoo-ministage';

/** A name that no other test, nor another run at the same time, uses. */
export function uniqueName(word: string): string {
  return `gentoo-builder-test-${word}-${process.pid}-${Date.now().toString(36)}-${++names}`;
}

let names = 0;

/** The engine that `DOCKER_HOST` names or the default socket is of, by dockerode: for what the project never asks. */
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
