import { createHash } from 'node:crypto';
import type { BuildContext } from './context.ts';
import { mountAt, type MountChoice } from './mounts.ts';
import { withProbe, type Probe } from './probe.ts';
import type { Workspace } from './workspace.ts';

const place = '/mnt';

/**
 * Reads the stamp of a tree through a container that is never started: a digest that differs after every sync that changes the
 * tree. The programs in a build container print the same digest (`job/tree-stamp.sh`). Returns undefined for a tree that has
 * neither git references nor `metadata/timestamp.chk`.
 */
export async function readTreeStamp(
  { engine }: Pick<BuildContext, 'engine'>,
  workspace: Workspace,
  { tree, image }: { readonly tree: MountChoice; readonly image: string },
): Promise<string | undefined> {
  const mounts = [{ ...mountAt(tree, place), readOnly: true }];
  return withProbe(engine, workspace, { image, mounts }, readStamp);
}

async function readStamp(probe: Probe): Promise<string | undefined> {
  const git = `${place}/.git`;
  const [hasTables, head = '', packed = '', heads, time = ''] = await Promise.all([
    probe.exists(`${git}/reftable`),
    probe.readText(`${git}/HEAD`),
    probe.readText(`${git}/packed-refs`),
    probe.readTexts(`${git}/refs/heads`),
    probe.readText(`${place}/metadata/timestamp.chk`),
  ]);
  const stamp = [head, packed, ...heads.values(), time].join('');
  return hasTables || stamp === '' ? undefined : createHash('sha256').update(stamp).digest('hex');
}
