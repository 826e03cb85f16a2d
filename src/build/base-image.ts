import { setTimeout as delay } from 'node:timers/promises';
import { EngineRefusal, type Image } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import type { BuildContext } from './context.ts';

const preferredBase = 'gentoo-base';
const fallbackBase = 'gentoo/stage3:latest';
const pullAttempts = 4;
const firstPullDelayMs = 1000;

/** The base that a run starts from: by name, and the image where the engine has it. */
export interface Base {
  readonly name: string;
  readonly image: Image | undefined;
}

/** The base that was named, else `gentoo-base` where there is one, else the public stage. */
export async function chooseBase({ engine }: BuildContext, named: string | undefined): Promise<Base> {
  if (named !== undefined) return { name: named, image: await engine.inspectImage(named) };
  const preferred = await engine.inspectImage(preferredBase);
  if (preferred !== undefined) return { name: preferredBase, image: preferred };
  return { name: fallbackBase, image: await engine.inspectImage(fallbackBase) };
}

/**
 * Pulls a base that the engine does not have. Rate limits, server errors and a network that stumbles are tried again,
 * each time after twice as long and a random part of it; a registry that says no is believed at once.
 */
export async function pullBase({ engine, report, signal }: BuildContext, name: string): Promise<Image> {
  await report({ type: 'note', message: `the engine has no image ${name}: pulling it` });
  for (let attempt = 1; ; attempt++) {
    try {
      await pullOnce({ engine, report, signal }, name);
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EngineRefusal)) throw error;
      if (attempt === pullAttempts || !isPassing(error)) throw pullFailure(name, error);
      const wait = firstPullDelayMs * 2 ** (attempt - 1) * (1 + Math.random());
      await report({
        type: 'warning',
        message: `the pull of ${name} failed (${error.message}); trying again in ${Math.round(wait / 1000)} s`,
      });
      await delay(wait, undefined, { signal });
    }
  }
  const image = await engine.inspectImage(name);
  if (image === undefined) {
    throw new Failure('base-unusable', `failed to pull the base ${name}: the engine said it was pulled and does not have it`);
  }
  return image;
}

async function pullOnce({ engine, report, signal }: Pick<BuildContext, 'engine' | 'report' | 'signal'>, name: string) {
  const layers = new Map<string, { current: number; total: number }>();
  await engine.pullImage(
    name,
    ({ layer, current, total }) => {
      if (layer === '' || total === 0) return;
      layers.set(layer, { current, total });
      const sum = (field: 'current' | 'total') => [...layers.values()].reduce((bytes, each) => bytes + each[field], 0);
      void report({ type: 'pull', image: name, current: sum('current'), total: sum('total') });
    },
    signal,
  );
}

/** Faults of the moment, by the words in which engine and registries report them. */
function isPassing({ message }: EngineRefusal): boolean {
  return /\b429\b|toomanyrequests|too many requests|\b50[0234]\b|internal server error|bad gateway|service unavailable|timeout|connection reset|unexpected EOF/i.test(
    message,
  );
}

function pullFailure(name: string, error: EngineRefusal): Failure {
  const said = error.message;
  const [why, hint] = /no such host|connection refused|network is unreachable|i\/o timeout|no route to host|server misbehaving|proxyconnect/i.test(said)
    ? ['its registry cannot be reached', 'check the network of the engine, or name an image that it has already: --base IMAGE']
    : /unauthorized|authentication required|\b401\b/i.test(said) && !/pull access denied/i.test(said)
      ? ['its registry wants a login', 'log in on the machine of the engine and pull it there: docker pull ' + name]
      : /manifest unknown|not found|pull access denied|does not exist|\b404\b/i.test(said)
        ? ['there is no such image', 'check the spelling; `docker images` lists what the engine has, --base IMAGE names one']
        : ['the pull failed', 'name an image that the engine has already: --base IMAGE'];
  return new Failure('base-unusable', `failed to find the base ${name}: ${why} (${said.trim()})`, { hint, cause: error });
}
