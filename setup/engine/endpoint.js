import { request } from 'node:http';
import { contextHost } from './docker-context.js';
import { Failure } from '../failure.js';

/**
 * The address of an engine.
 * @typedef {object} Endpoint
 * @property {string} url as in DOCKER_HOST
 * @property {string} [socket] the path of its socket, if it has one
 * @property {string} [host]
 * @property {number} [port]
 */

/** @typedef {{ answers: true } | { answers: false, code: string, why: string }} Answer */

export const DEFAULT_SOCKET = '/var/run/docker.sock';
const ANSWER_LIMIT = 10_000;
const STEP = 'find a Docker engine';

/**
 * Whether the user named the endpoint, by DOCKER_HOST or by a context of the docker command.
 * @param {NodeJS.ProcessEnv} env
 */
export function isGiven(env) {
  return (env['DOCKER_HOST'] ?? '').trim() !== '' || contextHost(env) !== undefined;
}

/**
 * The endpoint that the environment or the context of the docker command names, or else the default socket.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Endpoint}
 * @throws {Failure} for an engine that set-up cannot use
 */
export function chooseEndpoint(env) {
  const named = contextHost(env);
  if (named === undefined) return parseHost(env['DOCKER_HOST'] ?? '', 'DOCKER_HOST', env);
  return parseHost(
    named.host,
    `the host of the context ${named.context}`,
    named.hasTls ? { DOCKER_TLS_VERIFY: '1' } : {},
  );
}

/**
 * As src/engine/docker/engine-address.ts: a host without a scheme is `tcp://`, and an empty host is localhost.
 * @param {string} given as in DOCKER_HOST
 * @param {string} source the origin of the value, for messages
 * @param {NodeJS.ProcessEnv} env
 * @returns {Endpoint}
 */
function parseHost(given, source, env) {
  const trimmed = given.trim();
  if (trimmed === '' || trimmed === 'unix://') return { url: `unix://${DEFAULT_SOCKET}`, socket: DEFAULT_SOCKET };
  const value = trimmed.includes('://') ? trimmed : `tcp://${trimmed}`;
  const shown = value.replace(/(:\/\/[^:@/]*):.*@/, '$1:***@');
  const socket = /^unix:\/\/(\/.+)$/.exec(value)?.[1];
  if (socket !== undefined) return { url: value, socket };
  if (value.startsWith('ssh://')) {
    throw new Failure(STEP, `${source} is ${shown}, and an engine behind SSH is not supported`, {
      hint: 'forward its socket (ssh -L ./docker.sock:/var/run/docker.sock HOST) and set DOCKER_HOST=unix://$PWD/docker.sock',
    });
  }
  const address = /^tcp:\/\/(\[[0-9a-f:]+\]|[^/:@[\]\s]*)(?::(\d+))?\/?$/i.exec(value);
  if (address?.[1] === undefined) {
    throw new Failure(STEP, `${source} is ${shown}, which names no engine`, {
      hint: 'unix:///PATH and tcp://HOST:PORT are understood',
    });
  }
  if ((env['DOCKER_TLS_VERIFY'] || env['DOCKER_TLS'] || '') !== '') {
    throw new Failure(STEP, `${source} is ${shown} with TLS, and an engine behind TLS is not supported`, {
      hint: 'forward its socket by SSH and set DOCKER_HOST=unix:///PATH',
    });
  }
  const [, host, port = '2375'] = address;
  const named = host === '' ? 'localhost' : host;
  return { url: `tcp://${named}:${port}`, host: named.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/**
 * Whether only this machine can reach the endpoint.
 * @param {Endpoint} endpoint
 */
export function isLoopback({ host }) {
  return host !== undefined && (host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host));
}

/**
 * Asks an engine for an answer.
 * @param {Endpoint} endpoint
 * @returns {Promise<Answer>}
 */
export function pingEngine({ socket, host, port }) {
  const to = socket === undefined ? { host, port } : { socketPath: socket };
  return new Promise((resolve) => {
    const asked = request({ ...to, path: '/_ping', timeout: ANSWER_LIMIT, agent: false }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve({ answers: true });
      else resolve({ answers: false, code: 'STATUS', why: `it answered with HTTP status ${response.statusCode}` });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_LIMIT / 1000} s`)));
    asked.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : 'SILENT';
      resolve({ answers: false, code, why: error.message });
    });
    asked.end();
  });
}
