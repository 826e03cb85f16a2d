import { request } from 'node:http';
import { Failure } from './failure.js';

/**
 * Where an engine listens.
 * @typedef {object} Endpoint
 * @property {string} url as in DOCKER_HOST
 * @property {string} [socket] the path of its socket, where it has one
 * @property {string} [host]
 * @property {number} [port]
 */

/** @typedef {{ answers: true } | { answers: false, code: string, why: string }} Answer */

export const DEFAULT_SOCKET = '/var/run/docker.sock';
const ANSWER_LIMIT = 10_000;
const STEP = 'find a Docker engine';

/**
 * The endpoint that the environment asks for, or else the default socket.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Endpoint}
 * @throws {Failure} for a DOCKER_HOST that set-up cannot use
 */
export function chooseEndpoint(env) {
  const value = env['DOCKER_HOST'] ?? '';
  if (value === '') return { url: `unix://${DEFAULT_SOCKET}`, socket: DEFAULT_SOCKET };
  const socket = /^unix:\/\/(\/.+)$/.exec(value)?.[1];
  if (socket !== undefined) return { url: value, socket };
  if (value.startsWith('ssh://')) {
    throw new Failure(STEP, `DOCKER_HOST is ${value}, and an engine behind SSH is not supported`, {
      hint: 'forward its socket (ssh -L ./docker.sock:/var/run/docker.sock HOST) and set DOCKER_HOST=unix://$PWD/docker.sock',
    });
  }
  const address = /^(?:tcp|http):\/\/(\[[0-9a-f:]+\]|[^/:[\]]+)(?::(\d+))?\/?$/i.exec(value);
  if (address?.[1] === undefined) {
    throw new Failure(STEP, `DOCKER_HOST is ${value}, which names no engine`, {
      hint: 'unix:///PATH and tcp://HOST:PORT are understood',
    });
  }
  if ((env['DOCKER_TLS_VERIFY'] ?? '') !== '') {
    throw new Failure(
      STEP,
      `DOCKER_HOST is ${value} with DOCKER_TLS_VERIFY, and an engine behind TLS is not supported`,
      {
        hint: 'forward its socket by SSH and set DOCKER_HOST=unix:///PATH',
      },
    );
  }
  return { url: value, host: address[1].replace(/^\[|\]$/g, ''), port: Number(address[2] ?? 2375) };
}

/**
 * Whether the endpoint is one that only this machine itself can reach.
 * @param {Endpoint} endpoint
 */
export function isLoopback({ host }) {
  return host !== undefined && (host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host));
}

/**
 * Asks an engine whether it is there.
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
