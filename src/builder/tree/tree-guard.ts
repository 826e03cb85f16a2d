import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerSession } from '../../container/container-session.ts';
import type { Base } from '../../container/base-image.ts';
import { describeMount, mountAt, type MountChoice } from '../../container/mounts.ts';
import { openSession } from '../../container/open-session.ts';
import { terminateBuildContainer } from '../../container/stop-build-container.ts';
import { isOwnTree } from '../../container/tree.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import { Failure, Failures, failuresOf } from '../../failure.ts';
import {
  findChangesCommand,
  parseRestoration,
  parseTreeChanges,
  parseRecordedTree,
  recordTreeCommand,
  restoreTreeCommand,
  type TreeChanges,
  type RecordedTree,
} from '../../job/tree/tree-state.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { describeChanges, describeUnrestored, treeChanged } from './tree-words.ts';
import { hasOtherUsers, isUsedByLaterRun, registerUse } from './tree-users.ts';

/** The time limit of the comparison after a build that failed: an engine that is gone never answers. */
const timeoutMs = 60_000;

/** The tree of a build, the type of its syncs, and the base. */
export interface GuardedTree {
  readonly base: Base;
  readonly tree: MountChoice;
  readonly syncType: string | undefined;
}

/** The facts about a tree before packages run, and the container in which the tree is compared with them. */
interface Watched {
  readonly state: RecordedTree;
  /** Whether the tree is a git clone in a volume of this program, which it may restore. */
  readonly isOurs: boolean;
  /** Whether another container could write to the tree when the packages began to run. */
  readonly isShared: boolean;
  readonly checker: Promise<ContainerSession>;
}

/**
 * Compares the tree with its state before the packages ran. Ebuilds run as root in the build container, where the tree is writable and where
 * they may replace programs: the comparison is made in another container of the base, after the build container has stopped.
 */
export class TreeGuard {
  readonly #guarded: GuardedTree;
  readonly #session: ContainerSession;
  #watched: Promise<Watched | undefined> | undefined;

  constructor(guarded: GuardedTree, session: ContainerSession) {
    this.#guarded = guarded;
    this.#session = session;
  }

  /** Records the state of the tree. Call it before packages run. */
  async begin(): Promise<void> {
    this.#watched = this.#watch();
    await this.#watched;
  }

  /**
   * Compares the tree, after the build container has stopped. If packages of this build changed a tree of this program, restores the
   * tree and throws `tree-changed`. Other changes are only reported.
   */
  async check(): Promise<void> {
    const failure = await this.#check();
    if (failure !== undefined) throw failure;
  }

  /**
   * Compares the tree after a build that failed, which ends the processes of the build. Returns the error and, with it, the failure that
   * {@link TreeGuard.check} would throw.
   */
  async checkAfter(error: unknown): Promise<unknown> {
    const watched = await this.#watched?.catch(() => undefined);
    if (watched === undefined) return error;
    const late = delay(timeoutMs, undefined, { ref: false });
    const checked = this.#check(() => terminateBuildContainer(this.#session)).catch(() => undefined);
    const failure = await Promise.race([checked, late]);
    // The connection to a container that does not answer would keep this program running.
    watched.checker.then(({ hold }) => hold.close()).catch(() => undefined);
    const [first, ...others] = failuresOf(error);
    if (failure === undefined || first === undefined) return error;
    return new Failures([first, ...others, failure]);
  }

  async #check(end: () => Promise<void> = () => Promise.resolve()): Promise<Failure | undefined> {
    const watched = await this.#watched;
    this.#watched = undefined;
    if (watched === undefined) return undefined;
    const checker = await watched.checker;
    try {
      await end();
      return await this.#compare(checker, watched);
    } finally {
      checker.hold.close();
      await this.#session.engine.removeContainer(checker.id);
    }
  }

  async #watch(): Promise<Watched | undefined> {
    const [session, { tree, base, syncType }] = [this.#session, this.#guarded];
    if (tree.readOnly) return undefined;
    const isOurs =
      tree.type === 'volume' && syncType === 'git' && isOwnTree(await session.engine.inspectVolume(tree.source));
    if (isOurs) await registerUse(session, this.#used);
    const isShared = isOurs && (await hasOtherUsers(session, this.#used));
    const { workspace, log, trees } = session;
    const command = underLock('shared', session, recordTreeCommand(trees[0]));
    const state = await this.#ask(session, command, parseRecordedTree);
    if (state === undefined) return undefined;
    const checker = openSession(session, workspace, {
      ...{ base, log, trees, subject: 'comparing the tree', mounts: [mountAt(tree, trees[0])] },
      name: `${workspace.volume}-probe-tree`,
    });
    // The check awaits it.
    checker.catch(() => undefined);
    return { state, isOurs, isShared, checker };
  }

  async #compare(checker: ContainerSession, watched: Watched): Promise<Failure | undefined> {
    const { tree } = this.#guarded;
    const [place] = checker.trees;
    const { state, isOurs } = watched;
    const command = findChangesCommand(place, state, tree.type === 'volume');
    const changes = await this.#ask(checker, command, parseTreeChanges);
    if (changes === undefined || (changes.lock !== 'none' && changes.paths.length === 0)) return undefined;
    const isShared = await this.#findOthers(watched, changes);
    if (isShared || !isOurs) return this.#tell(changes, { ...watched, isShared });
    const restored = parseRestoration((await checker.run({ command: restoreTreeCommand(place, state) })).stdout);
    if (restored === 'busy') return this.#tell(changes, { ...watched, isShared: true });
    return treeChanged(tree, changes.paths, restored);
  }

  /** Runs a command and reads its output. If there is no answer, a warning says so, and the build goes on. */
  async #ask<T>(
    { run, signal }: ContainerSession,
    command: readonly string[],
    read: (output: string) => T | undefined,
  ): Promise<T | undefined> {
    let why = '';
    try {
      const { stdout, stderr } = await run({ command });
      const answer = read(stdout);
      if (answer !== undefined) return answer;
      why = stderr.trim();
    } catch (error) {
      if (signal.aborted || !(error instanceof Failure || error instanceof EngineRefusal)) throw error;
      why = error.message;
    }
    const message = `the tree is not compared with its state before the build${why === '' ? '' : `: ${why}`}`;
    const hint = 'if packages of this build are not trusted, sync the tree before the next build';
    await this.#session.report({ type: 'warning', message, hint });
    return undefined;
  }

  /** Whether somebody else may have changed the tree since the packages of this build began to run. */
  async #findOthers({ isOurs, isShared }: Watched, { lock }: TreeChanges): Promise<boolean> {
    if (isShared || lock !== 'exclusive') return true;
    const session = this.#session;
    return isOurs && ((await hasOtherUsers(session, this.#used)) || isUsedByLaterRun(session, this.#used));
  }

  /** Reports changes that nobody is blamed for. */
  async #tell(changes: TreeChanges, { state, isShared }: Watched): Promise<undefined> {
    const { report } = this.#session;
    const { tree, syncType } = this.#guarded;
    if (changes.lock === 'none' || (changes.stamp !== state.stamp && state.stamp !== '')) {
      const message = `${describeMount(tree)} was synced while the packages were built: its files are not compared with those before`;
      await report({ type: 'note', message });
    } else {
      const why = describeUnrestored(tree, isShared, syncType);
      await report({
        type: 'warning',
        message: `${describeChanges(tree, changes.paths)}; ${why.message}`,
        hint: why.hint,
      });
    }
    return undefined;
  }

  get #used() {
    const { tree, base } = this.#guarded;
    return { tree, image: base.image?.id ?? base.name };
  }
}
