import { posix } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerSpec } from '../engine/containers.ts';
import type { Image, Images } from '../engine/images.ts';
import { EngineRefusal, type RefusalKind } from '../engine/refusal.ts';
import { Failure } from '../failure.ts';
import { didYouMean, nameDistance } from '../nearest-name.ts';
import type { BuildContext } from './context.ts';

const preferredBase = 'gentoo-base';
const fallbackBase = 'gentoo/stage3:latest';
const pullAttempts = 4;
const firstPullDelayMs = 1000;

/** The base image of a run: its name, and the image if the engine has it. */
export interface Base {
  readonly name: string;
  readonly image: Image | undefined;
}

/** The number of root. */
const root = '0';

/** The part of a container's specification by which its process 1 runs as root, if the image names a user. */
export function asRoot(image: Image | undefined): Pick<ContainerSpec, 'user'> {
  return image === undefined || image.user === '' ? {} : { user: root };
}

/** The instructions of a commit that give an image the user of its base, because {@link asRoot} replaced the user. */
export function userInstructions(base: Image | undefined): readonly string[] {
  return base === undefined || base.user === '' ? [] : [`USER ${base.user}`];
}

/**
 * Refuses an image from which no image with packages can be made: a volume keeps their files out of each commit, and a variable of the
 * image makes emerge install them elsewhere. Warns of volumes that may keep some files out. Throws `base-unusable`.
 */
export async function checkBase({ report }: Pick<BuildContext, 'report'>, base: Base): Promise<void> {
  requireUsableBase(base);
  const hidden = findHidingVolumes(base);
  if (hidden.length === 0) return;
  const message = `the base ${base.name} has VOLUME ${hidden.join(' ')}: files that packages install there are not in the image`;
  await report({ type: 'warning', message });
}

function requireUsableBase({ name, image }: Base): void {
  const lost = (image?.volumes ?? []).filter(hidesPackages);
  if (lost.length > 0)
    throw new Failure(
      'base-unusable',
      `failed to use the base ${name}: it has VOLUME ${lost.join(' ')}, and no image has files of a volume`,
      {
        hint: 'make the base without this VOLUME; of an image that has it, `docker export CONTAINER | docker import - NAME` makes one without',
      },
    );
  const root = (image?.environment ?? []).find((text) =>
    /^(?:ROOT|SYSROOT|PORTAGE_CONFIGROOT|EPREFIX|PORTAGE_OVERRIDE_EPREFIX)=\/*[^/]/.test(text),
  );
  if (root !== undefined)
    throw new Failure(
      'base-unusable',
      `failed to use the base ${name}: it has ENV ${root}: emerge would work in another root than /`,
      {
        hint: `make the base without this variable, or an image from it with ENV ${root.replace(/=.*/s, '=""')}`,
      },
    );
}

/** The volumes of a base in which packages may install files. */
function findHidingVolumes({ image }: Base): readonly string[] {
  return (image?.volumes ?? []).filter((path) => !hidesPackages(path) && !holdsNoPackages(path));
}

/** The directories without which an installed package is none. */
const ofPackages = [
  ...['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib64', '/usr/libexec', '/usr/include', '/usr/share', '/bin', '/sbin'],
  ...['/lib', '/lib64', '/etc', '/var/db/pkg', '/var/lib/portage'],
];

function hidesPackages(volume: string): boolean {
  const path = posix.resolve('/', volume);
  return path === '/' || ofPackages.some((one) => one === path || one.startsWith(`${path}/`));
}

/** Volumes of bases as Gentoo and gentoo-builder make them, and places in which packages install nothing. */
function holdsNoPackages(volume: string): boolean {
  return /^\/(?:usr\/portage|usr\/local|var\/(?:tmp|cache|log|db\/repos)|tmp|run|dev|proc|sys|root|home|mnt|media)(?:\/|$)/.test(
    posix.resolve('/', volume),
  );
}

/** The names that {@link chooseBase} looks for. */
export function baseNames(named: string | undefined): readonly string[] {
  return named === undefined ? [preferredBase, fallbackBase] : [named];
}

/** Chooses the base that the user named, else `gentoo-base` if the engine has it, else the public stage. */
export async function chooseBase({ engine }: BuildContext, named: string | undefined): Promise<Base> {
  if (named !== undefined) return { name: named, image: await engine.inspectImage(named) };
  const preferred = await engine.inspectImage(preferredBase);
  if (preferred !== undefined) return { name: preferredBase, image: preferred };
  return { name: fallbackBase, image: await engine.inspectImage(fallbackBase) };
}

/**
 * Pulls a base that the engine does not have. After a rate limit, a server error or a network error, the pull is repeated with
 * growing random delays; after a refusal by the registry it is not. `otherwise` is the hint if another pull would fail again.
 */
export async function pullBase(
  { engine, report, signal }: BuildContext,
  name: string,
  otherwise = 'name an image that the engine already has: --base IMAGE',
): Promise<Image> {
  await report({ type: 'note', message: `the engine has no image ${name}: pulling it` });
  for (let attempt = 1; ; attempt++) {
    try {
      await pullOnce({ engine, report, signal }, name);
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EngineRefusal)) throw error;
      if (attempt === pullAttempts || !error.isTransient)
        throw pullFailure(name, error, { otherwise, suggestion: await suggestImage(engine, name, error) });
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
      `failed to pull the base ${name}: the engine reported success but does not have the image`,
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

/** The cause of a failed pull and its hint, for each kind of refusal. */
const pullProblems: Partial<Record<RefusalKind, PullProblem>> = {
  unreachable: {
    why: 'its registry cannot be reached',
    hint: 'check the network of the engine',
    replaceable: true,
  },
  'rate-limited': {
    why: 'its registry limits the number of pulls',
    hint: 'wait, or log in on the machine of the engine (docker login)',
    replaceable: true,
  },
  absent: {
    why: 'there is no such image',
    hint: 'check the spelling; if the image is private, log in (docker login); `docker images` lists the images of the engine',
  },
  denied: {
    why: 'its registry requires a login',
    hint: 'log in on the machine of the engine (docker login), and run the same command again',
  },
  'no-space': {
    why: 'the disk of the engine is full',
    hint: 'free space: `docker system df` shows how much images, containers and volumes use',
  },
};

interface PullProblem {
  readonly why: string;
  readonly hint: string;
  /** Whether the hint also advises another image. */
  readonly replaceable?: true;
}

/** Refusals that a misspelt name gets, too: from a registry that hides what does not exist, or from a network without a registry. */
const perhapsMisspelt: ReadonlySet<RefusalKind> = new Set(['absent', 'denied', 'unreachable']);

/** A clause that suggests an image of the engine with a similar name; empty if there is none, or if the name is not the cause. */
async function suggestImage(engine: Images, name: string, { kind }: EngineRefusal): Promise<string> {
  if (!perhapsMisspelt.has(kind)) return '';
  const names = await engine.listImageNames().catch(() => []);
  const withoutTag = (one: string) => one.replace(/:latest$/, '');
  const asked = withoutTag(name);
  // Names of one registry or owner have much in common: only the rest counts.
  const allowed = Math.max(1, Math.floor(posix.basename(asked).length / 3));
  const near = names.map(withoutTag).filter((one) => nameDistance(asked, one) <= allowed);
  return didYouMean(asked, near);
}

function pullFailure(
  name: string,
  error: EngineRefusal,
  { otherwise, suggestion }: { readonly otherwise: string; readonly suggestion: string },
): Failure {
  const said = error.message.trim();
  const problem = pullProblems[error.kind];
  const hint = problem === undefined ? otherwise : `${problem.hint}${problem.replaceable ? `, or ${otherwise}` : ''}`;
  return new Failure(
    'base-unusable',
    `failed to find the base ${name}: ${problem?.why ?? 'the pull failed'} (${said})${suggestion}`,
    {
      hint,
      cause: error,
    },
  );
}
