import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../failure.js';

/**
 * The parts of config.json and of a context's meta.json that are read.
 * @typedef {{ currentContext?: unknown, Endpoints?: { docker?: { Host?: unknown, SkipTLSVerify?: unknown } } }} ContextFile
 */

/**
 * The engine of the context that the docker command would use: DOCKER_CONTEXT, else currentContext of config.json. It is
 * undefined for the default context, and if DOCKER_HOST is set, which the docker command prefers. The programs have the same rule:
 * src/engine/docker/docker-context.ts.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ context: string, host: string, hasTls: boolean } | undefined}
 * @throws {Failure} if there is no such context
 */
export function contextHost(env) {
  if ((env['DOCKER_HOST'] ?? '').trim() !== '') return undefined;
  const directory = env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
  const context = env['DOCKER_CONTEXT'] || readJson(join(directory, 'config.json'))?.currentContext;
  if (typeof context !== 'string' || context === '' || context === 'default') return undefined;
  const id = createHash('sha256').update(context).digest('hex');
  const endpoint = readJson(join(directory, 'contexts', 'meta', id, 'meta.json'))?.Endpoints?.docker;
  if (typeof endpoint?.Host !== 'string') {
    throw new Failure('find a Docker engine', `the Docker context ${context} does not exist or names no engine`, {
      hint: 'choose another context: docker context ls, docker context use NAME',
    });
  }
  const hasTls = endpoint.SkipTLSVerify === true || existsSync(join(directory, 'contexts', 'tls', id, 'docker'));
  return { context, host: endpoint.Host, hasTls };
}

/**
 * @param {string} path
 * @returns {ContextFile | undefined} undefined if the file cannot be read
 */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
