import { abbreviate } from '../../abbreviate.ts';
import { parseDuration } from '../../quantity.ts';
import type { ZentooCommand } from './zentoo-command.ts';

/** `zentoo node-proxy` */
export const nodeProxyCommand: ZentooCommand = {
  name: 'node-proxy',
  operands: '',
  summary: 'expose the engine of a node of a swarm; zentoo build --swarm starts it',
  details: `The command runs in a service of a swarm. It listens at port 2376 and passes connections on to /var/run/docker.sock, by
TLS 1.3, for clients with a certificate of the authority in /run/secrets/ca. Its own certificate and key are
/run/secrets/cert and /run/secrets/key.

  --idle TIME  the time without a byte of a client after which it ends (default: 10m)`,
  options: { single: ['idle'], repeated: [], flags: [], onByDefault: [] },
  statuses: ['preconditions'],
  prepare: (given, _, problems) => {
    if (given.positional.length > 0) problems.push('node-proxy takes no arguments');
    const idle = given.value('idle') ?? '10m';
    const seconds = parseDuration(idle);
    if (seconds === undefined) problems.push(`--idle=${abbreviate(idle)} is not a time such as 90s or 10m`);
    return async ({ signal }) => {
      const { serveFromSecrets } = await import('../../zentoo/swarm/serve-from-secrets.ts');
      await serveFromSecrets((seconds ?? 0) * 1000, signal);
      return '';
    };
  },
};
