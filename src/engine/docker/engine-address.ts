import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Failure } from '../../failure.ts';
import { hidePassword } from '../hide-password.ts';
import { formatSshAddress, parseSshAddress, type SshAddress } from '../ssh/ssh-address.ts';
import {
  configurationOf,
  findDockerContext,
  readContextTls,
  unusableContext,
  type ContextTls,
} from './docker-context.ts';

/** The default socket of the Docker CLI and of images that use a mounted socket. */
const defaultSocket = '/var/run/docker.sock';

/** The address of an engine: a socket on this host, SSH, or TCP with or without TLS. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | SshAddress
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      readonly tls: ContextTls | undefined;
    };

/** The environment, with the variables by which the Docker CLI chooses the engine. */
export type EngineEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `DOCKER_HOST`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` as the Docker CLI does (docs.docker.com, "Use the
 * Docker command line", environment variables): a `DOCKER_TLS_VERIFY` or `DOCKER_TLS` that is not empty means TLS. The default
 * port is 2376 with TLS and 2375 without. A host without a scheme is `tcp://`, an empty host is localhost. Without `DOCKER_HOST`, the
 * context of the Docker CLI decides. Throws a `Failure` `engine-unreachable` for all schemes other than `unix://`, `tcp://` and
 * `ssh://`, and for certificates that cannot be read.
 */
export function parseEngineAddress(environment: EngineEnvironment): EngineAddress {
  const value = (environment['DOCKER_HOST'] ?? '').trim();
  if (value !== '') {
    const hasTls = isSet(environment, 'DOCKER_TLS_VERIFY') || isSet(environment, 'DOCKER_TLS');
    return parseHost(
      value,
      (reason) => unusableHost(value, reason),
      () => (hasTls ? readCertificates(environment) : undefined),
    );
  }
  const context = findDockerContext(environment);
  if (context === undefined) return { kind: 'unix', path: defaultSocket };
  const refuse = (reason: string) => unusableContext(context.name, `its host is ${quote(context.host)}: ${reason}`);
  return parseHost(context.host, refuse, () => readContextTls(context));
}

/** The failure of a host that cannot be used, which names the host as the user wrote it. */
type Refuse = (reason: string) => Failure;

function parseHost(given: string, refuse: Refuse, readTls: () => ContextTls | undefined): EngineAddress {
  const value = given.includes('://') ? given : `tcp://${given}`;
  if (value.startsWith('unix://')) {
    const path = value.slice('unix://'.length) || defaultSocket;
    if (!path.startsWith('/')) throw refuse('its path is not absolute');
    return { kind: 'unix', path };
  }
  if (value.startsWith('ssh://')) return parseSshAddress(value, refuse);
  if (!value.startsWith('tcp://')) throw refuse('it is none of unix://, tcp:// and ssh://');
  return parseTcpAddress(value, refuse, readTls);
}

/** Formats an address as a value of `DOCKER_HOST`. */
export function formatEngineAddress(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  if (address.kind === 'ssh') return formatSshAddress(address);
  return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

function parseTcpAddress(value: string, refuse: Refuse, readTls: () => ContextTls | undefined): EngineAddress {
  // URL has no default port for `tcp:`; as `http:` it would drop port 80.
  const url = URL.parse(value.replace(/^tcp:\/\/(?=[:/]|$)/, 'tcp://localhost'));
  if (url === null || url.hostname === '' || url.username !== '') throw refuse('it is not tcp://HOST:PORT');
  if (url.pathname !== '' && url.pathname !== '/') throw refuse('a path after the port is not supported');
  const tls = readTls();
  const port = url.port === '' ? (tls === undefined ? 2375 : 2376) : Number(url.port);
  return { kind: 'tcp', host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, tls };
}

/**
 * The certificates that the environment names. `DOCKER_TLS` alone does not check the engine's certificate. The CLI needs no certificate of
 * its own if neither of its two files is there.
 */
function readCertificates(environment: EngineEnvironment): ContextTls {
  const directory = environment['DOCKER_CERT_PATH'] || configurationOf(environment);
  const verifies = isSet(environment, 'DOCKER_TLS_VERIFY');
  const path = (name: string) => join(directory, `${name}.pem`);
  try {
    const hasOwn = ['cert', 'key'].some((name) => existsSync(path(name)));
    return {
      ...(verifies ? { ca: readFileSync(path('ca')) } : { rejectUnauthorized: false }),
      ...(hasOwn ? { cert: readFileSync(path('cert')), key: readFileSync(path('key')) } : {}),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const variable = verifies ? 'DOCKER_TLS_VERIFY' : 'DOCKER_TLS';
    throw new Failure('engine-unreachable', `failed to read the certificates for the Docker engine: ${reason}`, {
      hint: `set DOCKER_CERT_PATH to the directory with ca.pem, cert.pem and key.pem, or unset ${variable}`,
      cause,
    });
  }
}

function isSet(environment: EngineEnvironment, variable: string): boolean {
  return (environment[variable] ?? '') !== '';
}

function unusableHost(value: string, reason: string): Failure {
  return new Failure('engine-unreachable', `failed to use DOCKER_HOST ${quote(value)}: ${reason}`, {
    hint: `set DOCKER_HOST to unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST, or unset it to use ${defaultSocket}`,
  });
}

/** The first 200 characters of a host, without a password. */
function quote(host: string): string {
  return JSON.stringify(hidePassword(host).slice(0, 200));
}
