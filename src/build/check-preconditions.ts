import { type Failure, Failures, failuresOf } from '../failure.ts';
import type { Image } from '../engine/engine.ts';
import { chooseBase, pullBase, type Base } from './base-image.ts';
import { inspectBaseSystem, type BaseSystem } from './base-system.ts';
import type { BuildRequest } from './build-request.ts';
import { findAvailableMemory } from './available-memory.ts';
import { decideTmpfs, type TmpfsDecision } from './decide-tmpfs.ts';
import { checkFreeSpace } from './free-space.ts';
import type { BuildContext } from './context.ts';
import { checkHostPath, checkWritable } from './host-path.ts';
import { checkMakeConf } from './make-conf.ts';
import { chooseMount, findBorrowedVolumes, type MountChoice } from './mounts.ts';
import { inspectTree, type TreeState } from './tree.ts';
import type { Workspace } from './workspace.ts';

/** Everything that the later steps rest on, found and checked. */
export interface Preconditions {
  readonly base: Base;
  /** Undefined where a dry run was not to pull the base. */
  readonly system: BaseSystem | undefined;
  readonly tree: MountChoice;
  /** Undefined where there was no image to look into it with. */
  readonly treeState: TreeState | undefined;
  /** Undefined with `--no-binpkgs`. */
  readonly binpkgs: MountChoice | undefined;
  readonly distfiles: MountChoice;
  readonly logs: MountChoice;
  /** Where packages are built. */
  readonly tmpfs: TmpfsDecision;
}

/**
 * Checks everything that a build needs and reports all that is wrong with it at once, in the order tree, packages, base,
 * disk. The base is pulled last, and only if nothing else is wrong: nothing costly is done before all was checked.
 */
export async function checkPreconditions(
  request: BuildRequest,
  context: BuildContext,
  workspace: Workspace,
): Promise<Preconditions> {
  const { engine, self } = context;
  const chosen = await chooseBase(context, request.base);
  const borrowed = await findBorrowedVolumes(engine, self);
  const tree = chooseMount('tree', request.tree, self, borrowed);
  const logs = chooseMount('logs', request.logDir, self, borrowed);
  const binpkgs = request.binpkgs ? chooseMount('binpkgs', undefined, self, borrowed) : undefined;
  const distfiles = chooseMount('distfiles', undefined, self, borrowed);
  const lookInto = chosen.image?.id ?? self?.image;
  const inspect = (image: string) => inspectTree(context, workspace, { choice: tree, image, demands: request });

  const checks = new Checks();
  const treeState = checks.run(() => (lookInto === undefined ? undefined : inspect(lookInto)));
  checks.add(request.invalidPackages);
  const makeConf = checks.run(() => checkMakeConf(request.makeConf));
  const logsUsable = checks.run(() => checkHostPath(context, workspace, logs, lookInto));
  const system = checks.run(() => chosen.image && inspectBaseSystem(engine, workspace, chosen));
  for (const choice of [binpkgs, distfiles, logs]) if (choice) void checks.run(() => checkWritable(choice));
  const space = checks.run(() => checkFreeSpace(context, request.minFree));
  await checks.finish();
  await Promise.all([makeConf, logsUsable, space]);

  const found = { tree, binpkgs, distfiles, logs, tmpfs: await chooseTmpfs(request, context) };
  if (chosen.image !== undefined || request.dryRun) {
    return { ...found, base: chosen, system: await system, treeState: await treeState };
  }
  const image: Image = await pullBase(context, chosen.name);
  const base = { name: chosen.name, image };
  if (lookInto === undefined) await checkHostPath(context, workspace, logs, image.id);
  return {
    ...found,
    base,
    system: await inspectBaseSystem(engine, workspace, base),
    treeState: (await treeState) ?? (await inspect(image.id)),
  };
}

async function chooseTmpfs(
  { tmpfs, keepFailed }: Pick<BuildRequest, 'tmpfs' | 'keepFailed'>,
  { engine }: BuildContext,
): Promise<TmpfsDecision> {
  const available = await findAvailableMemory(engine);
  return decideTmpfs(tmpfs, { available, jobs: 1, keepFailed }, (setting) => `--tmpfs ${setting}`);
}

/** Checks that run side by side, and whose failures are shown in the order in which the checks were written down. */
class Checks {
  private readonly outcomes: (Promise<unknown> | readonly Failure[])[] = [];

  add(failures: readonly Failure[]): void {
    this.outcomes.push(failures);
  }

  /** The promise must be awaited after {@link finish}, which throws first. */
  run<T>(check: () => T | Promise<T>): Promise<T> {
    const outcome = (async () => check())();
    this.outcomes.push(outcome);
    outcome.catch(() => {});
    return outcome;
  }

  /** Awaits all of them; throws what failed, or the first error that is no failure. */
  async finish(): Promise<void> {
    // A check that outlived the run would make containers that nobody removes.
    await Promise.allSettled(this.outcomes.filter((outcome) => outcome instanceof Promise));
    const failures: Failure[] = [];
    for (const outcome of this.outcomes) {
      if (!(outcome instanceof Promise)) {
        failures.push(...outcome);
        continue;
      }
      const error: unknown = await outcome.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const known = failuresOf(error);
      if (known.length === 0) await outcome;
      failures.push(...known);
    }
    const [first, ...rest] = failures;
    if (first !== undefined) throw new Failures([first, ...rest]);
  }
}
