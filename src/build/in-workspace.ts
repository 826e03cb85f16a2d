import { type ContainerId, EngineRefusal } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import type { BuildContainer } from './build-container.ts';
import { findContainerLoss } from './container-loss.ts';
import type { BuildContext } from './context.ts';
import { disposeOfFailedBuild } from './remove-build-container.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

/**
 * Runs `work` with a workspace of its own. Should it fail, whatever it began is ended and removed, or kept where that is
 * asked for; what succeeds removes its workspace itself.
 */
export async function inWorkspace<T>(
  { keepFailed }: { readonly keepFailed: boolean },
  context: BuildContext,
  work: (workspace: Workspace, own: (container: BuildContainer) => BuildContainer) => Promise<T>,
): Promise<T> {
  let workspace: Workspace | undefined;
  let begun: BuildContainer | undefined;
  try {
    workspace = await createWorkspace(context);
    return await work(workspace, (container) => (begun = container));
  } catch (error) {
    const reason = await reasonOf(context, begun, error);
    if (workspace !== undefined) await endWorkspace(context, workspace, begun, keepFailed && !isSignal(error));
    throw reason;
  }
}

/** What ended the build is what its user has to know first; what could not be removed, the next run removes. */
async function endWorkspace(
  context: BuildContext,
  workspace: Workspace,
  begun: BuildContainer | undefined,
  keep: boolean,
): Promise<void> {
  try {
    await disposeOfFailedBuild(context, workspace, begun, keep);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await context.report({
      type: 'warning',
      message: `failed to remove what the build began: ${why}`,
      hint: `the next run removes it; what it is: docker ps --all --filter volume=${workspace.volume}`,
    });
  }
}

/**
 * An engine that refuses work in a container that somebody else stopped or removed does not say so: the container does.
 * Of what else it refuses, its own words are the best explanation there is.
 */
async function reasonOf({ engine }: BuildContext, begun: BuildContainer | undefined, error: unknown): Promise<unknown> {
  if (!(error instanceof EngineRefusal)) return error;
  const isGone = error.status === 404 || error.status === 409;
  const findLoss = async (id: ContainerId) => findContainerLoss(await engine.inspectContainer(id), 'build');
  const loss = begun && isGone ? await findLoss(begun.id).catch(() => undefined) : undefined;
  return loss ?? refusalFailure(error);
}

/** What a call of the engine resolves to; a refusal is thrown as the failure that it is. */
export async function explainRefusal<T>(call: Promise<T>, step = 'build'): Promise<T> {
  return call.catch((error: unknown) => {
    throw error instanceof EngineRefusal ? refusalFailure(error, step) : error;
  });
}

/** The failure that a refusal is where nothing more is known. */
export function refusalFailure(refusal: EngineRefusal, step = 'build'): Failure {
  return new Failure('engine-refused', `failed to ${step}: the engine says: ${refusal.message}`, {
    hint: "the engine's own log, on its machine, may say more",
    cause: refusal,
  });
}

/** Who interrupts a build does not want to look into it. */
function isSignal(error: unknown): boolean {
  return error instanceof Failure && (error.code === 'interrupted' || error.code === 'terminated');
}
