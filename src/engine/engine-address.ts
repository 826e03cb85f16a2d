import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Failure } from '../failure.ts';

/** Where the Docker CLI and every image that mounts the socket look for the engine. */
const defaultSocket = '/var/run/docker.sock';

/** The certificates in `DOCKER_CERT_PATH`, as the Docker CLI names them, in PEM. */
export interface EngineCertificates {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How to reach an engine: a socket on this host, or TCP with or without TLS. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly tls: EngineCertificates | undefined;
    };

/** The variables of the Docker CLI that say which engine to use. */
export type EngineEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `DOCKER_HOST`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` as the Docker CLI does (docs.docker.com, "Use the
 * Docker command line", environment variables): any value of `DOCKER_TLS_VERIFY` but the empty one asks for TLS, and
 * the ports are then 2376 and otherwise 2375. Throws a `Failure` `engine-unreachable` for `ssh://` and whatever else
 * is neither `unix://` nor `tcp://`, and for certificates that cannot be read.
 */
export function parseEngineAddress(environment: EngineEnvironment): EngineAddress {
  const value = environment['DOCKER_HOST'] ?? '';
  if (value === '') return { kind: 'unix', path: defaultSocket };
  if (value.startsWith('unix://')) {
    const path = value.slice('unix://'.length) || defaultSocket;
    if (!path.startsWith('/')) throw unusableHost(value, 'its path is not absolute');
    return { kind: 'unix', path };
  }
  if (value.startsWith('ssh://')) throw unusableHost(value, 'engines behind SSH are not supported');
  if (!value.startsWith('tcp://')) throw unusableHost(value, 'it is neither unix:// nor tcp://');
  return parseTcpAddress(value, environment);
}

/** The address as a person would write it into `DOCKER_HOST`. */
export function formatEngineAddress(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

function parseTcpAddress(value: string, environment: EngineEnvironment): EngineAddress {
  // `tcp:` is no special scheme to URL, which then leaves ports and names alone; `http:` would drop port 80.
  const url = URL.parse(value);
  if (url === null || url.hostname === '' || url.username !== '')
    throw unusableHost(value, 'it is not tcp://HOST:PORT');
  if (url.pathname !== '' && url.pathname !== '/') throw unusableHost(value, 'a path after the port is not supported');
  const tls = (environment['DOCKER_TLS_VERIFY'] ?? '') === '' ? undefined : readCertificates(environment);
  const port = url.port === '' ? (tls === undefined ? 2375 : 2376) : Number(url.port);
  return { kind: 'tcp', host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, tls };
}

function readCertificates(environment: EngineEnvironment): EngineCertificates {
  const directory = environment['DOCKER_CERT_PATH'] || join(environment['HOME'] ?? '/root', '.docker');
  try {
    return {
      ca: readFileSync(join(directory, 'ca.pem')),
      cert: readFileSync(join(directory, 'cert.pem')),
      key: readFileSync(join(directory, 'key.pem')),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('engine-unreachable', `failed to read the certificates for the Docker engine: ${reason}`, {
      hint: 'set DOCKER_CERT_PATH to the directory with ca.pem, cert.pem and key.pem, or unset DOCKER_TLS_VERIFY',
      cause,
    });
  }
}

function unusableHost(value: string, reason: string): Failure {
  return new Failure(
    'engine-unreachable',
    `failed to use DOCKER_HOST ${JSON.stringify(value.slice(0, 200))}: ${reason}`,
    {
      hint: `set DOCKER_HOST to unix:///PATH or tcp://HOST:PORT, or unset it to use ${defaultSocket}`,
    },
  );
}
