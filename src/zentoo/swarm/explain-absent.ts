import type { SwarmNode } from '../../engine/swarm/swarm.ts';
import { Failure } from '../../failure.ts';
import { hostnameOf } from './swarm-names.ts';
import type { ProxyDirectory } from './proxy-directory.ts';

/** The failure of nodes on which no node proxy runs: they lack the image, or the proxy does not start there. */
export function explainAbsent(
  directory: Pick<ProxyDirectory, 'tasksOn'>,
  nodes: readonly SwarmNode[],
  image: string,
): Failure {
  const reasons = nodes.map(({ id, hostname }) => ({
    hostname,
    why: directory.tasksOn(id).find(({ error }) => error !== '')?.error ?? 'its task does not run',
  }));
  const without = reasons.filter(({ why }) => /no such image/i.test(why)).map(({ hostname }) => hostname);
  if (without.length > 0) return withoutImage(without, image);
  const list = reasons.map(({ hostname, why }) => `${hostname}: ${why}`).join('; ');
  return new Failure('swarm-refused', `failed to start a node proxy on ${list}`, {
    hint: `look at docker info on the node, or leave it out: docker node update --label-rm zentoo.builder NODE`,
  });
}

function withoutImage(hostnames: readonly string[], image: string): Failure {
  const names = hostnames.join(', ');
  const message = `failed to start a node proxy on ${names}: the image gentoo-builder (${image.slice(0, 19)}) is not there`;
  const copies = hostnames.map(
    (name) => `docker save gentoo-builder | ssh ${hostnameOf({ hostname: name })} docker load`,
  );
  return new Failure('builder-absent', message, {
    hint: [...copies, 'or push the image, and name the registry in site.yaml: swarm: { registry: HOST/PATH }'].join(
      '\n',
    ),
  });
}
