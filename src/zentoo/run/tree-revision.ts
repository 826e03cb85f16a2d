import { createHash } from 'node:crypto';
import type { Image } from '../../engine/images.ts';
import { isRepository } from '../../container/tree.ts';
import { mountAt, type MountChoice } from '../../container/mounts.ts';
import type { Probe } from '../../container/probe.ts';
import { findCachedRevision, WatchedTree } from './revision-cache.ts';
import type { BuildContext } from '../../container/context.ts';
import { lookInto } from '../../container/look-into.ts';
import { stateMount } from './site-state.ts';

type Trees = ReadonlyMap<string, MountChoice>;

/** Finds the trees that exist: directories of the host, and volumes that the engine has. */
export async function findExistingTrees({ engine }: Pick<BuildContext, 'engine'>, trees: Trees): Promise<Trees> {
  const isPresent = async ({ type, source }: MountChoice) =>
    type === 'bind' || (await engine.inspectVolume(source)) !== undefined;
  const looked = await Promise.all([...trees].map(async (tree) => ({ tree, present: await isPresent(tree[1]) })));
  return new Map(looked.flatMap((one) => (one.present ? [one.tree] : [])));
}

/**
 * Reads the revision of each tree, by the names of the repositories: git's commit, the time stamp of an rsync tree or a
 * snapshot, or a digest of the sizes and times of all files. A tree that is not a repository is left out. Starts no container.
 * If `stateVolumeName` is given, revisions are cached in that volume.
 *
 * @param trees trees that exist; see {@link findExistingTrees}
 * @param readMore reads more from the same probe, with the state; not called if there is no tree or no state
 */
export async function readRevisions(
  context: BuildContext,
  image: Image,
  trees: Trees,
  stateVolumeName?: string,
  readMore: (probe: Probe) => Promise<void> = () => Promise.resolve(),
): Promise<ReadonlyMap<string, string>> {
  const present = [...trees];
  if (present.length === 0) return new Map();
  const ofTrees = present.map(([, choice], index) => ({ ...mountAt(choice, `/mnt/${index}`), readOnly: true }));
  const ofState = stateVolumeName === undefined ? [] : [stateMount(stateVolumeName)];
  const mounts = [...ofTrees, ...ofState];
  const found = await lookInto(context, { image: image.id, mounts }, async (probe) => {
    if (stateVolumeName !== undefined) await readMore(probe);
    const read = stateVolumeName === undefined ? readRevision : readOrFindRevision;
    return Promise.all(present.map(async ([name], index) => [name, await read(probe, `/mnt/${index}`, name)] as const));
  });
  return new Map(found.flatMap(([name, revision]) => (revision === undefined ? [] : [[name, revision]])));
}

function readRevision(probe: Probe, place: string): Promise<string | undefined> {
  return revisionOf(new WatchedTree(probe, place));
}

async function readOrFindRevision(probe: Probe, place: string, name: string): Promise<string | undefined> {
  const kept = await findCachedRevision(probe, name, place);
  if (kept !== undefined) return kept;
  const tree = new WatchedTree(probe, place);
  const revision = await revisionOf(tree);
  if (revision !== undefined) await tree.keep(name, revision);
  return revision;
}

async function revisionOf(tree: WatchedTree): Promise<string | undefined> {
  if (!(await isRepository(tree))) return undefined;
  const commit = await commitOf(tree);
  if (commit !== undefined) return commit;
  const stamp = (await tree.readText('metadata/timestamp.chk'))?.trim();
  if (stamp !== undefined && stamp !== '') return stamp;
  const lines = await tree.listFiles();
  return `files-${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 40)}`;
}

/** The commit that HEAD names; gitrepository-layout(5). */
async function commitOf(tree: WatchedTree): Promise<string | undefined> {
  const head = (await tree.readText('.git/HEAD'))?.trim();
  if (head === undefined) return undefined;
  const reference = /^ref: (\S+)$/.exec(head)?.[1];
  if (reference === undefined) return commitId(head);
  const loose = (await tree.readText(`.git/${reference}`))?.trim();
  if (loose !== undefined) return commitId(loose);
  const packed = (await tree.readText('.git/packed-refs')) ?? '';
  return commitId(
    packed
      .split('\n')
      .find((line) => line.endsWith(` ${reference}`))
      ?.split(' ')[0] ?? '',
  );
}

function commitId(text: string): string | undefined {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? text : undefined;
}
