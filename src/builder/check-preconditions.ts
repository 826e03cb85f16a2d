import { type Failure, Failures, failuresOf } from '../failure.ts';
import type { ImageId } from '../engine/identifiers.ts';
import type { Images } from '../engine/images.ts';
import { checkBase, chooseBase, pullBase, type Base } from '../container/base-image.ts';
import type { BaseOptions } from './base/base-faults.ts';
import { inspectBaseSystem, type BaseSystem } from './base/base-system.ts';
import type { BuildRequest } from './build-request.ts';
import { findAvailableMemory } from '../emerge/available-memory.ts';
import { decideTmpfs, type TmpfsDecision } from '../emerge/decide-tmpfs.ts';
import { checkRegisters } from './tree/registers.ts';
import { checkFreeSpace } from './free-space.ts';
import type { BuildContext } from '../container/context.ts';
import { readFollowing } from '../engine/follow-links.ts';
import { checkHostPath, checkWritable } from '../container/host-path.ts';
import { readGivenMakeConf } from './base/make-conf.ts';
import { chooseMetadataCache } from '../emerge/choose-metadata-cache.ts';
import { chooseMount, findBorrowedVolumes, type MountChoice } from '../container/mounts.ts';
import { inspectTree, unusable, type TreeState } from '../container/tree.ts';
import type { Probe } from '../container/probe.ts';
import type { Repository } from '../portage/configuration/repos-conf.ts';
import { explainOtherOrigin, type OriginFiles } from '../portage/configuration/repository-origin.ts';
import type { Workspace } from '../container/workspace.ts';

/** The checked base, tree, volumes and tmpfs that the later steps use. */
export interface Preconditions {
  readonly base: Base;
  /** The facts about the base; undefined in a dry run if the engine does not have the base, because a dry run pulls nothing. */
  readonly system: BaseSystem | undefined;
  readonly tree: MountChoice;
  /** The state of the tree; undefined in a dry run if the engine has no image for a probe container. */
  readonly treeState: TreeState | undefined;
  /** The store of binary packages; undefined with `--no-binpkgs`. */
  readonly binpkgs: MountChoice | undefined;
  readonly distfiles: MountChoice;
  readonly logs: MountChoice;
  /** The cache of metadata that Portage reads from ebuilds; undefined if the tree is an anonymous volume. */
  readonly metadata: MountChoice | undefined;
  /** The place where packages are built: a tmpfs or the work volume. */
  readonly tmpfs: TmpfsDecision;
  /** The names of `--tag` that images have already: each moves from its image to the new one. */
  readonly movedTags: readonly MovedTag[];
}

/** A name of `--tag` that another image has now. */
export interface MovedTag {
  readonly name: string;
  readonly from: ImageId;
}

/** Describes a name that an image loses. */
export function describeMovedTag({ name, from }: MovedTag): string {
  return `--tag ${name} moves the name from the image ${from.replace(/^sha256:/, '').slice(0, 12)}, which has it now, to the new one`;
}

/**
 * Checks everything that a build needs and throws all failures together, in the order tree, packages, base, disk. If the engine
 * does not have the base, the base is pulled last, and only if no other check failed, because a pull is costly.
 */
export async function checkPreconditions(
  request: BuildRequest,
  context: BuildContext,
  workspace: Workspace,
): Promise<Preconditions> {
  const { engine, self } = context;
  const [chosen, borrowed] = [await chooseBase(context, request.base), await findBorrowedVolumes(engine, self)];
  const tree = chooseMount('tree', request.tree, self, borrowed);
  const logs = chooseMount('logs', request.logDir, self, borrowed);
  const binpkgs = request.binpkgs ? chooseMount('binpkgs', undefined, self, borrowed) : undefined;
  const distfiles = chooseMount('distfiles', undefined, self, borrowed);
  const metadata = chooseMetadataCache(tree, self, borrowed);
  const probeImage = chosen.image?.id ?? self?.image;
  const origin = new TreeOrigin();
  const inspect = (image: string) =>
    inspectTree(context, workspace, { choice: tree, image, demands: request, read: origin.read });

  const checks = new Checks();
  const treeState = checks.run(() => (probeImage === undefined ? undefined : inspect(probeImage)));
  checks.add(request.invalidPackages);
  const makeConf = checks.run(() => readGivenMakeConf(request.makeConf));
  void checks.run(() => checkHostPath(context, workspace, logs, probeImage));
  const inspectSystem = async (base: Base) => {
    await checkBase(context, base);
    // A make.conf that cannot be read is a separate failure.
    const found = await inspectBaseSystem(engine, workspace, base, await optionsOf(request, makeConf));
    for (const { place, message } of found.notes)
      await context.report({ type: 'note', message: `${place.file}:${place.line}:${place.column}: ${message}` });
    return found;
  };
  const system = checks.run(() => chosen.image && inspectSystem(chosen));
  for (const choice of [binpkgs, distfiles, logs]) if (choice) void checks.run(() => checkWritable(choice));
  void checks.run(() => checkRegisters(engine));
  void checks.run(() => checkFreeSpace(context, request.minFree));
  await checks.finish();

  const [decision, movedTags] = await Promise.all([chooseTmpfs(request, context), findMovedTags(engine, request.tags)]);
  const found = { tree, binpkgs, distfiles, logs, metadata, tmpfs: decision, movedTags };
  if (chosen.image !== undefined || request.dryRun) {
    origin.check(tree, request, chosen.name, (await system)?.repository);
    return { ...found, base: chosen, system: await system, treeState: await treeState };
  }
  const base = { name: chosen.name, image: await pullBase(context, chosen.name) };
  if (probeImage === undefined) await checkHostPath(context, workspace, logs, base.image.id);
  const pulled = await inspectSystem(base);
  const state = (await treeState) ?? (await inspect(base.image.id));
  origin.check(tree, request, base.name, pulled.repository);
  return { ...found, base, system: pulled, treeState: state };
}

async function optionsOf(
  { emergeOptions }: BuildRequest,
  makeConf: Promise<BaseOptions['given']>,
): Promise<BaseOptions> {
  return { given: await makeConf.catch(() => undefined), emergeOptions };
}

async function findMovedTags(engine: Images, tags: readonly string[]): Promise<readonly MovedTag[]> {
  const images = await Promise.all(
    [...new Set(tags)].map(async (name) => ({ name, image: await engine.inspectImage(name) })),
  );
  return images.flatMap(({ name, image }) => (image === undefined ? [] : [{ name, from: image.id }]));
}

async function chooseTmpfs(
  { tmpfs, keepFailed }: Pick<BuildRequest, 'tmpfs' | 'keepFailed'>,
  { engine }: BuildContext,
): Promise<TmpfsDecision> {
  const available = await findAvailableMemory(engine);
  return decideTmpfs(tmpfs, { available, jobs: 1, keepFailed }, (setting) => `--tmpfs ${setting}`);
}

/** Runs checks concurrently and collects their failures in the order in which the checks were added. */
class Checks {
  private readonly outcomes: (Promise<unknown> | readonly Failure[])[] = [];

  add(failures: readonly Failure[]): void {
    this.outcomes.push(failures);
  }

  /** Starts a check. The caller awaits the returned promise after {@link finish}, which throws the failures. */
  run<T>(check: () => T | Promise<T>): Promise<T> {
    const outcome = (async () => check())();
    this.outcomes.push(outcome);
    outcome.catch(() => {});
    return outcome;
  }

  /** Awaits all checks and throws their failures together, or the first error that is not a `Failure`. */
  async finish(): Promise<void> {
    // A check that outlived the run would create containers that nobody removes.
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

/** The origin of a tree, which is read when the tree is inspected, and compared when the base's repos.conf is known. */
class TreeOrigin {
  #files: OriginFiles | undefined;

  /** Reads the origin of the repository in the directory `place`. */
  readonly read = async (probe: Probe, place: string): Promise<void> => {
    const [repoName, layoutConf, gitConfig, timestamp, hasGit] = await Promise.all([
      readFollowing(probe, `${place}/profiles/repo_name`),
      readFollowing(probe, `${place}/metadata/layout.conf`),
      probe.readText(`${place}/.git/config`),
      probe.readText(`${place}/metadata/timestamp.chk`),
      probe.exists(`${place}/.git`),
    ]);
    // The git directory of a work tree is elsewhere, and its remotes are unknown.
    this.#files = { repoName, layoutConf, gitConfig: gitConfig ?? (hasGit ? '' : undefined), timestamp };
  };

  /** Throws `tree-unusable` if the tree is not of the repository that the base `name` uses. */
  check(
    tree: MountChoice,
    { sync }: Pick<BuildRequest, 'sync'>,
    name: string,
    repository: Repository | undefined,
  ): void {
    if (this.#files === undefined || repository === undefined) return;
    const why = explainOtherOrigin(this.#files, repository, { syncs: sync });
    if (why === undefined) return;
    const other = `${tree.type === 'volume' ? tree.source : 'gentoo-repository'}-2`;
    throw unusable(
      tree,
      `${why} (${name})`,
      `give this base a separate tree: docker volume create ${other}, then --tree ${other} --create-tree`,
    );
  }
}
