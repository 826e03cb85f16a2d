import { shellProgram } from '../../container-program.ts';
import type { Branch, Site, Tuple } from '../../site/site.ts';
import type { HookName } from '../../site/read/hooks.ts';
import { stateDirectory } from '../../container/work-directories.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { endedJobFailure, jobFailure } from '../../job/job-failure.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { runJob } from '../../job/run-job.ts';
import { writeEntries } from '../configure/write-entries.ts';

/** The directory for the files of the branch. It is on the work volume, so no image contains it. */
const hooksDirectory = `${stateDirectory}/hooks`;

/** The values that a hook gets as environment variables. */
export interface HookVariables {
  readonly site: string;
  readonly cpu: Tuple['cpu'];
  readonly portage: Branch;
  readonly buildhooks: Branch;
  readonly stage: string;
  /** The root that is made; `/` except in cross builds. */
  readonly root: string;
  /** The tuple; undefined for work that several tuples share, such as the hook `buildmaster`. */
  readonly tuple: { readonly name: string; readonly packages: string } | undefined;
}

/** The values for a tuple's hooks; `shared` is for work that several tuples have in common. */
export function hookVariables(site: Site, tuple: Tuple, scope: 'tuple' | 'shared', root = '/'): HookVariables {
  const { cpu, portage, buildhooks, stage, packages, name } = tuple;
  const own = scope === 'tuple' ? { name, packages: packages.name } : undefined;
  return { site: site.name, cpu, portage, buildhooks, stage: stage.name, root, tuple: own };
}

/**
 * Runs a hook of the branch, if the branch has it, in a directory with all files of the branch. Throws `hook-failed` with the
 * end of the hook's output if its exit status is not 0. Returns whether the branch has the hook.
 */
export async function runHook(session: ContainerSession, hook: HookName, parts: HookVariables): Promise<boolean> {
  const { buildhooks } = parts;
  if (!buildhooks.entries.some(({ path }) => path === hook)) return false;
  await session.report({
    type: 'note',
    message: `${parts.tuple?.name ?? parts.portage.name}: running the hook ${hook}`,
  });
  await installHooks(session, buildhooks);
  const program = new URL('./run-hook.sh', import.meta.url);
  const job = {
    name: `hook-${hook}`,
    step: 'hook',
    command: underLock('shared', session, shellProgram(program, 'zentoo-hook', hooksDirectory, hook)),
    environment: hookEnvironment(hook, parts),
    watch: false,
    silenceTimeout: undefined,
  } as const;
  const onLine = (text: string) => session.report({ type: 'line', step: 'hook', text });
  const result = await runJob(session, job, onLine).catch(async (error: unknown) => {
    throw await endedJobFailure(session, { error, underWay: new Set() });
  });
  if (result.exitStatus === 0) return true;
  const message = `failed to run the hook ${hook} of the buildhooks branch ${buildhooks.name}: it ended with ${result.exitStatus}`;
  throw jobFailure(session, { code: 'hook-failed', message, hint: undefined }, result);
}

/** The environment of a hook, as documented. */
function hookEnvironment(hook: HookName, parts: HookVariables): Readonly<Record<string, string>> {
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

async function installHooks(session: ContainerSession, { entries }: Branch): Promise<void> {
  await session.run({ command: ['mkdir', '-p', hooksDirectory] });
  await writeEntries(session, hooksDirectory, entries);
}
