import { createHash } from 'node:crypto';
import type { BuildContext } from './context.ts';
import { mountAt, type MountChoice } from './mounts.ts';
import { withProbe, type Probe } from './probe.ts';
import type { Workspace } from './workspace.ts';

const place = '/mnt';

/**
 * The stamp of a tree, as the programs in a build container print it (`job-scripts.ts`): it is another one after every
 * sync that brings something. Undefined for a tree that has neither git's references nor a time stamp. No container is
 * started.
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
