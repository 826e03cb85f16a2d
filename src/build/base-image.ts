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
 * each time after twice as long and a random part of it; a registry that says no is believed at once. `otherwise` is what
 * to do where no pull helps.
 */
export async function pullBase(
  { engine, report, signal }: BuildContext,
  name: string,
  otherwise = 'name an image that the engine has already: --base IMAGE',
): Promise<Image> {
  await report({ type: 'note', message: `the engine has no image ${name}: pulling it` });
  for (let attempt = 1; ; attempt++) {
    try {
      await pullOnce({ engine, report, signal }, name);
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EngineRefusal)) throw error;
      if (attempt === pullAttempts || !isPassing(error)) throw pullFailure(name, error, otherwise);
      const wait = firstPullDelayMs * 2 ** (attempt - 1) * (1 + Math.random());
      await report({
        type: 'warning',
        message: `the pull of ${name} failed (${error.message}); trying again in ${Math.round(wait / 1000)} s`,
      });
      await delay(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
  const image = await engine.inspectImage(name);
  if (image === undefined) {
    throw new Failure(
      'base-unusable',
      `failed to pull the base ${name}: the engine said it was pulled and does not have it`,
    );
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

/** What makes a pull fail, by the words in which engine and registries say it; the first that fits. */
const pullProblems: readonly {
  readonly said: RegExp;
  readonly why: string;
  readonly hint: string;
  /** Whether another image would do as well. */
  readonly replaceable?: true;
}[] = [
  {
    said: /no such host|connection refused|network is unreachable|no route to host|server misbehaving|proxyconnect|timeout|context deadline exceeded|connection reset|EOF/i,
    why: 'its registry cannot be reached',
    hint: 'check the network of the engine',
    replaceable: true,
  },
  {
    said: /\b429\b|toomanyrequests|too many requests/i,
    why: 'its registry limits how often one may pull',
    hint: 'wait, or log in on the machine of the engine (docker login)',
    replaceable: true,
  },
  {
    said: /manifest unknown|name unknown|not found|pull access denied|does not exist|\b404\b/i,
    why: 'there is no such image',
    hint: 'check the spelling, and log in where it is private (docker login); `docker images` lists what the engine has',
  },
  {
    said: /unauthorized|authentication required|no basic auth credentials|\bdenied\b|forbidden|\b40[13]\b/i,
    why: 'its registry wants a login',
    hint: 'log in on the machine of the engine (docker login), and run this again',
  },
];

function pullFailure(name: string, error: EngineRefusal, otherwise: string): Failure {
  const said = error.message.trim();
  const problem = pullProblems.find((one) => one.said.test(said));
  const hint = problem === undefined ? otherwise : `${problem.hint}${problem.replaceable ? `, or ${otherwise}` : ''}`;
  return new Failure(
    'base-unusable',
    `failed to find the base ${name}: ${problem?.why ?? 'the pull failed'} (${said})`,
    {
      hint,
      cause: error,
    },
  );
}
