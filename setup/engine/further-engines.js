import { homedir } from 'node:os';
import { join } from 'node:path';
import { quoteField } from './builder-arguments.js';
import { Failure } from '../failure.js';

/**
 * The options of `docker run` that let zentoo in a container reach further engines as it does on this host.
 * @param {readonly string[]} endpoints addresses as in DOCKER_HOST, or names of docker contexts
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]}
 * @throws {Failure} for an engine that a container does not reach: over ssh, by a context, or at an address of this host alone
 */
export function reachFurther(endpoints, env) {
  const options = endpoints.flatMap((endpoint) => {
    const path = /^unix:\/\/(\/.+)$/.exec(endpoint)?.[1];
    if (path !== undefined) return mount(path);
    if (/^tcp:\/\/(?!localhost\b|127\.|\[::1\]|[:/]|$)/i.test(endpoint)) return [];
    const shown = endpoint.replace(/(:\/\/[^/@:]*):.*@/, '$1:***@');
    const hint =
      'with --swarm, name further engines as tcp://HOST:PORT or unix:///PATH, or let them join the swarm; without it, zentoo runs on this host';
    throw new Failure(`use the further engine ${shown}`, 'zentoo runs in a container, which does not reach it', {
      hint,
    });
  });
  const isSet = (/** @type {string} */ name) => (env[name] ?? '') !== '';
  const tls = ['DOCKER_TLS_VERIFY', 'DOCKER_TLS'].filter(isSet);
  if (tls.length === 0 || !endpoints.some((endpoint) => endpoint.startsWith('tcp://'))) return options;
  const directory = env['DOCKER_CERT_PATH'] || env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
  return [
    ...options,
    ...tls.flatMap((name) => ['--env', name]),
    ...['--env', `DOCKER_CERT_PATH=${directory}`],
    ...mount(directory),
  ];
}

/** @param {string} path */
function mount(path) {
  return ['--mount', `type=bind,${quoteField(`source=${path}`)},${quoteField(`target=${path}`)},readonly`];
}
