import { noOptions, type ZentooCommand } from './zentoo-command.ts';

/** `zentoo node-proxy` */
export const nodeProxyCommand: ZentooCommand = {
  name: 'node-proxy',
  operands: '',
  summary: 'expose the engine of a node of a swarm; zentoo build --swarm starts it',
  details: `The command runs in a service of a swarm. It listens at port 2376 and passes connections on to /var/run/docker.sock, by
TLS 1.3, for clients with a certificate of the authority in /run/secrets/ca. Its own certificate and key are
/run/secrets/cert and /run/secrets/key. It ends after ten minutes without a client.
`,
  options: noOptions,
  statuses: ['preconditions'],
  prepare: ({ positional }, _, problems) => {
    if (positional.length > 0) problems.push('node-proxy takes no arguments');
    return async ({ signal }) => {
      const { serveFromSecrets } = await import('../../zentoo/swarm/serve-from-secrets.ts');
      await serveFromSecrets(signal);
      return '';
    };
  },
};
