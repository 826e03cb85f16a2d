import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { Failure } from '../../failure.ts';
import type { BranchEntry } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { runCommand } from '../../engine/run-command.ts';
import { unpackArchive } from '../unpack-archive.ts';

const linksAtOnce = 200;

const linkScript = `
cd "$1" || exit
shift
while [ "$#" -ge 2 ]; do
  case $1 in
    */*) mkdir -p "./\${1%/*}" || exit ;;
  esac
  ln -sfn -- "$2" "./$1" || exit
  shift 2
done
`;

/**
 * Writes a branch's files and links below an existing directory of a container that runs. A link is made whatever is there
 * in its place but a directory, which tar would leave, too.
 */
export async function writeEntries(
  { engine }: Pick<BuildContext, 'engine'>,
  { id }: Pick<BuildContainer, 'id'>,
  directory: string,
  entries: readonly BranchEntry[],
): Promise<void> {
  const files = entries.filter(({ type }) => type !== 'symlink');
  if (files.length > 0) {
    const archive = pack();
    for (const { path, type, read } of files)
      archive.entry({ name: path, mode: type === 'executable' ? 0o755 : 0o644 }, read());
    archive.finalize();
    await unpackArchive({ engine }, { id }, directory, Readable.from(archive));
  }
  const links = entries.filter(({ type }) => type === 'symlink');
  for (let start = 0; start < links.length; start += linksAtOnce) {
    const words = links.slice(start, start + linksAtOnce).flatMap(({ path, read }) => [path, read().toString('utf8')]);
    const command = ['/bin/sh', '-c', linkScript, 'zentoo-links', directory, ...words];
    const { exitCode, stderr } = await runCommand(engine, id, { command });
    if (exitCode !== 0)
      throw new Failure('assemble-failed', `failed to make symbolic links below ${directory}: ${stderr.trim()}`);
  }
}
