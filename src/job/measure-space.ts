import type { FileSystemSpace } from '../portage/output/emerge-report.ts';
import { shellProgram } from '../container-program.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { logMountTarget } from '../container/build-log.ts';
import { defaultTarget } from '../container/mounts.ts';
import { stateDirectory, workDirectory } from '../container/work-directories.ts';

/**
 * Measures the file systems to which a build writes, each once. A full disk is found out in this way, because Portage often prints no
 * path. Returns an empty list if the container does not answer.
 */
export async function measureSpace({ run, trees }: ContainerSession): Promise<readonly FileSystemSpace[]> {
  const caches = [defaultTarget('binpkgs'), defaultTarget('distfiles'), defaultTarget('metadata')];
  const places = [workDirectory, stateDirectory, logMountTarget, ...caches];
  const program = new URL('./measure-space.sh', import.meta.url);
  const command = shellProgram(program, 'gentoo-builder-space', ...places, ...trees, '/tmp', '/');
  const answer = await run({ command }).catch(() => undefined);
  const found = new Map<string, FileSystemSpace>();
  for (const line of answer?.stdout.split('\n') ?? []) {
    const [, device = '', numbers = '', directory = ''] = /^(\d+) ((?:\d+ ){5})(\/.*)$/.exec(line) ?? [];
    const [block = 0, free = 0, blocks = 0, freeFiles = 0, files = 0] = numbers.trim().split(' ').map(Number);
    if (device !== '' && blocks > 0 && !found.has(device))
      found.set(device, { directory, free: free * block, size: blocks * block, freeFiles, files });
  }
  return [...found.values()];
}
