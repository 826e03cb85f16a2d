import type { Failure } from '../../failure.ts';

/** An engine on another machine, which the `ssh` program reaches. */
export interface SshAddress {
  readonly kind: 'ssh';
  /** The user on that machine; undefined leaves the choice to the configuration of ssh. */
  readonly user: string | undefined;
  /** A name, an address, or a `Host` of the configuration of ssh. */
  readonly host: string;
  readonly port: number | undefined;
  /** The path of the engine's socket on that machine; undefined for the engine of its docker command. */
  readonly socket: string | undefined;
}

/**
 * Reads `ssh://[USER@]HOST[:PORT][/PATH]` as the Docker CLI does. Throws the failure that `refuse` makes of a reason.
 */
export function parseSshAddress(value: string, refuse: (reason: string) => Failure): SshAddress {
  const url = URL.parse(value);
  const form = 'it is not ssh://[USER@]HOST[:PORT][/PATH]';
  if (url === null || url.hostname === '' || url.search !== '' || url.hash !== '') throw refuse(form);
  if (url.password !== '') throw refuse('a password is not supported; ssh uses keys');
  // In a user or a path, URL writes bytes that an address cannot have as %XX.
  if (/[%\\]/.test(url.username + url.hostname + url.pathname)) throw refuse(form);
  return {
    kind: 'ssh',
    user: url.username === '' ? undefined : url.username,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? undefined : Number(url.port),
    socket: url.pathname === '' || url.pathname === '/' ? undefined : url.pathname,
  };
}

/** Formats an address as a value of `DOCKER_HOST`. */
export function formatSshAddress({ user, host, port, socket = '' }: SshAddress): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `ssh://${user === undefined ? '' : `${user}@`}${name}${port === undefined ? '' : `:${port}`}${socket}`;
}
