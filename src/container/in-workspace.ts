import { setTimeout as delay } from 'node:timers/promises';
import { EngineRefusal } from '../engine/refusal.ts';
import { Failure, failuresOf } from '../failure.ts';
import type { ContainerSession } from './container-session.ts';
import type { BuildContext } from './context.ts';
import { refusalFailure } from './refusal-failure.ts';
import { disposeOfFailedBuild } from './remove-build-container.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

/**
 * Runs `work` with a new workspace. If `work` opens a session, it must pass the session to `own`. If `work` succeeds, it must
 * have removed the workspace. If it fails, this function ends the session's processes and removes the container, or keeps it
 * if `keepFailed` is set.
 */
export async function inWorkspace<T>(
  { keepFailed }: { readonly keepFailed: boolean },
  context: BuildContext,
  work: (workspace: Workspace, own: (session: ContainerSession) => ContainerSession) => Promise<T>,
): Promise<T> {
  let workspace: Workspace | undefined;
  let begun: ContainerSession | undefined;
  try {
    workspace = await createWorkspace(context);
    return await work(workspace, (session) => (begun = session));
  } catch (error) {
    const reason = await reasonOf(begun, error);
    const ending = {
      keep: keepFailed && !isSignal(error),
      grace: isLost(reason) ? graceSeconds.lost : graceSeconds.known,
    };
    if (workspace !== undefined) await endWorkspace(context, workspace, begun, ending);
    throw reason;
  }
}

/** The seconds that a clean-up may take; few if the engine was lost, because it answers nothing. */
const graceSeconds = { known: 120, lost: 15 } as const;

/** Waits for the clean-up, but not for ever. */
async function withinGrace(work: Promise<void>, seconds: number): Promise<void> {
  const timeout = new AbortController();
  // Nobody awaits the work after its time.
  work.catch(() => undefined);
  try {
    const late = delay(seconds * 1000, true, { signal: timeout.signal });
    late.catch(() => undefined);
    if ((await Promise.race([work, late])) === true) throw new Error(`the engine did not answer within ${seconds} s`);
  } finally {
    timeout.abort();
  }
}

/** Cleans up after a failure. If the clean-up fails, this is only a warning: the user has to see the first failure. */
async function endWorkspace(
  context: BuildContext,
  workspace: Workspace,
  begun: ContainerSession | undefined,
  { keep, grace }: { readonly keep: boolean; readonly grace: number },
): Promise<void> {
  try {
    await withinGrace(disposeOfFailedBuild(context, workspace, begun, keep), grace);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await context.report({
      type: 'warning',
      message: `failed to remove the containers and the work volume of the build: ${why}`,
      hint: `the next run removes them; to see the containers: docker ps --all --filter volume=${workspace.volume}`,
    });
  } finally {
    // The container stops when its standard input is closed; and an open connection would keep this program running.
    begun?.hold.close();
  }
}

/**
 * Finds the failure that explains an error. If the engine refuses a call because somebody stopped or removed the container,
 * the state of the container shows that. Otherwise the engine's own words are the best explanation.
 */
async function reasonOf(begun: ContainerSession | undefined, error: unknown): Promise<unknown> {
  if (!(error instanceof EngineRefusal)) return error;
  const isGone = error.kind === 'absent' || error.kind === 'conflict';
  const loss = isGone ? await begun?.findLoss('build').catch(() => undefined) : undefined;
  return loss ?? refusalFailure(error);
}

/** Whether the engine does not answer any more. */
function isLost(reason: unknown): boolean {
  return reason instanceof Failure && (reason.code === 'engine-lost' || reason.code === 'engine-unreachable');
}

/** Whether a signal ended the build; then its container is not kept. */
function isSignal(error: unknown): boolean {
  return failuresOf(error).some(({ code }) => code === 'interrupted' || code === 'terminated');
}
