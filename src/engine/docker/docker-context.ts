import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import type { SecureVersion } from 'node:tls';

import { boolean, nullish, object, record, string, type InferOutput } from 'valibot';

import { Failure } from '../../failure.ts';
import { parseJson } from '../../parse-json.ts';

/** The engine of a context of the Docker CLI, which `docker context create` makes. */
export interface DockerContext {
  readonly name: string;
  /** As in DOCKER_HOST. */
  readonly host: string;
  /** Whether the engine's certificate is not checked. */
  readonly skipsVerification: boolean;
  /** The directory with the context's ca.pem, cert.pem and key.pem; any of them may be missing. */
  readonly certificates: string;
}

/**
 * Finds the context that the Docker CLI would use (docs.docker.com, "Docker contexts"): none if `DOCKER_HOST` is set, else
 * `DOCKER_CONTEXT`, else `currentContext` in config.json of `DOCKER_CONFIG` or `~/.docker`. Returns undefined for the default
 * context. Throws a `Failure` `engine-unreachable` if there is no such context.
 */
export function findDockerContext(
  environment: Readonly<Record<string, string | undefined>>,
): DockerContext | undefined {
  if ((environment['DOCKER_HOST'] ?? '').trim() !== '') return undefined;
  const directory = configurationOf(environment);
  const name = environment['DOCKER_CONTEXT'] || currentContext(directory);
  if (name === '' || name === 'default') return undefined;
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(directory, 'contexts', 'meta', id, 'meta.json');
  const text = readText(file);
  if (text === undefined) throw unusableContext(name, `there is no ${file}`);
  const host = parseJson(metadata, text)?.Endpoints.docker;
  if (host === undefined) throw unusableContext(name, `${file} names no engine`);
  const certificates = join(directory, 'contexts', 'tls', id, 'docker');
  return { name, host: host.Host, skipsVerification: host.SkipTLSVerify, certificates };
}

/** A proxy of the Docker CLI's configuration. */
export interface DockerProxy {
  /** The variable in lower case that the CLI sets in containers. */
  readonly variable: string;
  readonly value: string;
  /** The place of the proxy, for messages. */
  readonly source: string;
}

/**
 * Finds the proxies that the Docker CLI sets in containers of an engine (docs.docker.com, "Use a proxy server with the Docker CLI"):
 * those for its address in the section `proxies` of config.json, else those for `default`.
 */
export function findDockerProxies(
  environment: Readonly<Record<string, string | undefined>>,
  address: string,
): readonly DockerProxy[] {
  const file = join(configurationOf(environment), 'config.json');
  const text = readText(file);
  const { proxies } = (text === undefined ? undefined : parseJson(proxyConfig, text)) ?? { proxies: {} };
  const own = proxies[address] ?? proxies['default'];
  return Object.entries(proxyVariables).flatMap(([key, variable]) => {
    const value = own?.[key] ?? '';
    return value === '' ? [] : [{ variable, value, source: `${key} in ${file}` }];
  });
}

const proxyVariables = {
  httpProxy: 'http_proxy',
  httpsProxy: 'https_proxy',
  ftpProxy: 'ftp_proxy',
  noProxy: 'no_proxy',
  allProxy: 'all_proxy',
} as const;

/** The directory with the configuration of the Docker CLI. */
export function configurationOf(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['DOCKER_CONFIG'] || join(environment['HOME'] || '/root', '.docker');
}

/** The failure of a context that cannot be used. */
export function unusableContext(name: string, reason: string): Failure {
  const message = `failed to use the Docker context ${JSON.stringify(name.slice(0, 200))}: ${reason}`;
  return new Failure('engine-unreachable', message, {
    hint: 'choose another context (docker context ls, docker context use NAME), or set DOCKER_HOST to unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST',
  });
}

/** Reads the certificates of a context; a missing one is left out. Returns undefined if it has none and checks the engine's. */
export function readContextTls({ skipsVerification, certificates }: DockerContext): ContextTls | undefined {
  const read = (name: string) => {
    const content = readBytes(join(certificates, `${name}.pem`));
    return content === undefined ? {} : { [name]: content };
  };
  const tls = { ...read('ca'), ...read('cert'), ...read('key') };
  if (!skipsVerification && Object.keys(tls).length === 0) return undefined;
  return { ...tls, ...(skipsVerification ? { rejectUnauthorized: false } : {}) };
}

/** The settings of TLS that a context has. */
export interface ContextTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly rejectUnauthorized?: boolean;
  /** The name in the certificate of the engine, if it differs from the host. */
  readonly servername?: string;
  readonly minVersion?: SecureVersion;
  /** Finds the address of the host at each connection; by default the resolver of this machine does. */
  readonly lookup?: LookupFunction;
}

const config = object({ currentContext: nullish(string(), '') });
const proxyConfig = object({ proxies: nullish(record(string(), record(string(), nullish(string(), ''))), {}) });
const metadata = object({
  Endpoints: object({ docker: object({ Host: string(), SkipTLSVerify: nullish(boolean(), false) }) }),
});

/** The CLI warns of a config.json that it cannot read, and goes on without it. */
function currentContext(directory: string): string {
  const text = readText(join(directory, 'config.json'));
  const parsed: InferOutput<typeof config> | undefined = text === undefined ? undefined : parseJson(config, text);
  return parsed?.currentContext ?? '';
}

function readText(path: string): string | undefined {
  return readBytes(path)?.toString('utf8');
}

function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
