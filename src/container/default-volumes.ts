import type { BuildContext } from './context.ts';
import type { MountChoice } from './mounts.ts';
import { volumeLabel } from './tree.ts';

/** Creates a volume with {@link volumeLabel} and more labels if it does not exist, and reports the creation. */
export async function makeDefaultVolume(
  { engine, report }: BuildContext,
  choice: MountChoice,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (choice.type !== 'volume' || (await engine.inspectVolume(choice.source)) !== undefined) return;
  await engine.createVolume(choice.source, { [volumeLabel]: choice.role, ...labels });
  await report({ type: 'note', message: `created the volume ${choice.source}: it keeps the ${purposes[choice.role]}` });
}

const purposes = {
  tree: 'ebuild repository, so that it is fetched only once',
  binpkgs: 'binary packages, so that nothing is compiled twice',
  distfiles: 'sources, so that nothing is fetched twice',
  logs: 'logs of all builds',
  metadata: 'metadata of ebuilds, so that no ebuild is sourced twice',
} as const;
