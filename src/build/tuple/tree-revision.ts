import { createHash } from 'node:crypto';
import type { Image } from '../../engine/engine.ts';
import { mountAt, type MountChoice } from '../mounts.ts';
import { withProbe, type Probe } from '../probe.ts';
import type { BuildContext } from '../context.ts';
import { inWorkspace } from '../in-workspace.ts';
import { removeWorkspace } from '../workspace.ts';

/**
 * What each tree is at, by the names of the repositories: git's commit, the time stamp of an rsync tree or of a snapshot,
 * or a digest of the sizes and times of its files where it has neither. Trees that are not there or have no repository in
 * them are left out. Starts no container.
 */
export async function readRevisions(
  context: BuildContext,
  image: Image,
  trees: ReadonlyMap<string, MountChoice>,
): Promise<ReadonlyMap<string, string>> {
  const present: [string, MountChoice][] = [];
  for (const [name, choice] of trees)
    if (choice.type === 'bind' || (await context.engine.inspectVolume(choice.source)) !== undefined)
      present.push([name, choice]);
  if (present.length === 0) return new Map();
  return inWorkspace({ keepFailed: false }, context, async (workspace) => {
    const mounts = present.map(([, choice], index) => ({ ...mountAt(choice, `/mnt/${index}`), readOnly: true }));
    const found = await withProbe(context.engine, workspace, { image: image.id, mounts }, async (probe) => {
      const revisions: [string, string][] = [];
      for (const [index, [name]] of present.entries()) {
        const revision = await revisionOf(probe, `/mnt/${index}`);
        if (revision !== undefined) revisions.push([name, revision]);
      }
      return revisions;
    });
    await removeWorkspace(context, workspace.volume);
    return new Map(found);
  });
}

async function revisionOf(probe: Probe, tree: string): Promise<string | undefined> {
  if (!(await probe.exists(`${tree}/profiles/repo_name`)) && !(await probe.exists(`${tree}/metadata/layout.conf`)))
    return undefined;
  const commit = await commitOf(probe, `${tree}/.git`);
  if (commit !== undefined) return commit;
  const stamp = (await probe.readText(`${tree}/metadata/timestamp.chk`))?.trim();
  if (stamp !== undefined && stamp !== '') return stamp;
  const lines = await probe.listFiles(tree);
  return `files-${createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 40)}`;
}

/** What HEAD stands for; gitrepository-layout(5). */
async function commitOf(probe: Probe, git: string): Promise<string | undefined> {
  const head = (await probe.readText(`${git}/HEAD`))?.trim();
  if (head === undefined) return undefined;
  const reference = /^ref: (\S+)$/.exec(head)?.[1];
  if (reference === undefined) return commitId(head);
  const loose = (await probe.readText(`${git}/${reference}`))?.trim();
  if (loose !== undefined) return commitId(loose);
  const packed = (await probe.readText(`${git}/packed-refs`)) ?? '';
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
