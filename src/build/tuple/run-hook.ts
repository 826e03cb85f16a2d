import type { Branch, Site, Tuple } from '../../site/site.ts';
import type { HookName } from '../../site/hooks.ts';
import { stateDirectory, type BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { endedJobFailure, jobFailure } from '../job-failure.ts';
import { underLock } from '../job-scripts.ts';
import { runCommand } from '../../engine/run-command.ts';
import { runJob } from '../run-job.ts';
import { writeEntries } from './write-entries.ts';

/** In the work volume, so that it is in no image. */
const hooksDirectory = `${stateDirectory}/hooks`;

/** What a hook is told by its environment. */
export interface HookParts {
  readonly site: string;
  readonly cpu: Tuple['cpu'];
  readonly portage: Branch;
  readonly buildhooks: Branch;
  readonly stage: string;
  /** The root that is made; `/` but for cross builds. */
  readonly root: string;
  /** Undefined for `buildmaster`, which several tuples share. */
  readonly tuple: { readonly name: string; readonly packages: string } | undefined;
}

/** What the hooks of a tuple are told; `shared` is for what several tuples have in common. */
export function hookParts(site: Site, tuple: Tuple, scope: 'tuple' | 'shared', root = '/'): HookParts {
  const { cpu, portage, buildhooks, stage, packages, name } = tuple;
  const own = scope === 'tuple' ? { name, packages: packages.name } : undefined;
  return { site: site.name, cpu, portage, buildhooks, stage: stage.name, root, tuple: own };
}

/**
 * Runs one of the branch's hooks where it has that. Its branch is there whole, and it is called there. Throws
 * `hook-failed`, with the end of its output, where it ends with anything but 0.
 */
export async function runHook(
  context: BuildContext,
  container: BuildContainer,
  hook: HookName,
  parts: HookParts,
): Promise<void> {
  const { buildhooks } = parts;
  if (!buildhooks.entries.some(({ path }) => path === hook)) return;
  await context.report({
    type: 'note',
    message: `${parts.tuple?.name ?? parts.portage.name}: running the hook ${hook}`,
  });
  await installHooks(context, container, buildhooks);
  const job = {
    name: `hook-${hook}`,
    step: 'hook',
    command: underLock('shared', container.trees, [
      '/bin/sh',
      '-c',
      'cd "$1" && exec "./$2"',
      'zentoo-hook',
      hooksDirectory,
      hook,
    ]),
    environment: hookEnvironment(hook, parts),
    watch: false,
    silenceTimeout: undefined,
  } as const;
  const onLine = (text: string) => context.report({ type: 'line', step: 'hook', text });
  const result = await runJob(context, container, job, onLine).catch(async (error: unknown) => {
    throw await endedJobFailure(context, container, { error, underWay: new Set() });
  });
  if (result.exitStatus === 0) return;
  const message = `failed to run the hook ${hook} of the buildhooks branch ${buildhooks.name}: it ended with ${result.exitStatus}`;
  throw jobFailure(container, { code: 'hook-failed', message, hint: undefined }, result);
}

/** The environment of a hook, as the documentation of hooks says. */
function hookEnvironment(hook: HookName, parts: HookParts): Readonly<Record<string, string>> {
  return {
    ZENTOO_HOOK: hook,
    ZENTOO_SITE: parts.site,
    ZENTOO_CPU: parts.cpu.name,
    ZENTOO_CHOST: parts.cpu.chost,
    ZENTOO_PORTAGE: parts.portage.name,
    ZENTOO_PORTAGE_COMMIT: parts.portage.commit,
    ZENTOO_BUILDHOOKS: parts.buildhooks.name,
    ZENTOO_BUILDHOOKS_COMMIT: parts.buildhooks.commit,
    ZENTOO_STAGE: parts.stage,
    ZENTOO_ROOT: parts.root,
    ...(parts.tuple === undefined ? {} : { ZENTOO_TUPLE: parts.tuple.name, ZENTOO_PACKAGES: parts.tuple.packages }),
  };
}

async function installHooks({ engine }: BuildContext, { id }: BuildContainer, { entries }: Branch): Promise<void> {
  await runCommand(engine, id, { command: ['mkdir', '-p', hooksDirectory] });
  await writeEntries({ engine }, { id }, hooksDirectory, entries);
}
