import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { shellProgram } from '../../container-program.ts';
import { Failure } from '../../failure.ts';
import type { BranchEntry } from '../../site/site.ts';
import type { ContainerSession } from '../../container/container-session.ts';

const linksAtOnce = 200;

/**
 * Writes a branch's files and links below an existing directory of a running container. A link replaces any file of its name,
 * except a directory.
 */
export async function writeEntries(
  session: ContainerSession,
  directory: string,
  entries: readonly BranchEntry[],
): Promise<void> {
  const files = entries.filter(({ type }) => type !== 'symlink');
  if (files.length > 0) {
    const archive = pack();
    for (const { path, type, read } of files)
      archive.entry({ name: path, mode: type === 'executable' ? 0o755 : 0o644 }, read());
    archive.finalize();
    await session.unpack(directory, Readable.from(archive));
  }
  const links = entries.filter(({ type }) => type === 'symlink');
  for (let start = 0; start < links.length; start += linksAtOnce) {
    const words = links.slice(start, start + linksAtOnce).flatMap(({ path, read }) => [path, read().toString('utf8')]);
    const command = shellProgram(new URL('./make-links.sh', import.meta.url), 'zentoo-links', directory, ...words);
    const { exitCode, stderr } = await session.run({ command });
    if (exitCode !== 0)
      throw new Failure('assemble-failed', `failed to make symbolic links below ${directory}: ${stderr.trim()}`);
  }
}
