import { elogDirectory, parseElogFile, type ElogEntry } from '../../portage/elog.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { runCommand } from '../../engine/run-command.ts';

const script = `
cd "$1" 2>/dev/null || exit 0
find . -type f -name '*.log' -exec printf '%s\\0' {} \\; -exec cat {} \\; -exec printf '\\0' \\;
`;

/** What the packages that were merged in a container had to say to whoever installs them. */
export async function readElog(
  { engine }: Pick<BuildContext, 'engine'>,
  { id, log }: BuildContainer,
): Promise<readonly ElogEntry[]> {
  const command = ['/bin/sh', '-c', script, 'zentoo-elog', `${log.directory}/${elogDirectory}`];
  const parts = (await runCommand(engine, id, { command })).stdout.split('\0');
  const entries: ElogEntry[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const entry = parseElogFile(parts[index] ?? '', parts[index + 1] ?? '');
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}
