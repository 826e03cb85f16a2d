import type { ContainerSession } from '../container/container-session.ts';
import { defaultTarget } from '../container/mounts.ts';
import { temporaryDirectory } from '../container/work-directories.ts';
import { emergeEnvironment, englishMessages } from '../portage/emerge-command.ts';

/** The environment of a sync. A snapshot of a tree is fetched and unpacked in the directories that it names. */
export function syncEnvironment({ proxies, log }: ContainerSession): Readonly<Record<string, string>> {
  return {
    ...proxies?.syncs,
    ...emergeEnvironment({
      logdir: log.directory,
      distdir: defaultTarget('distfiles'),
      tmpdir: temporaryDirectory,
    }),
    ...englishMessages,
  };
}
