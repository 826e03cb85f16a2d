import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { runCommand } from '../engine/run-command.ts';
import { Failure } from '../failure.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';

// What came over a connection that was cut is no whole archive. 126 has it tried again, like every exec that was cut off.
const script = `
head -c "$2" | LC_ALL=C tar --extract --file=- --directory="$1" --no-same-owner --preserve-permissions || exit 126
`;

/**
 * Unpacks a small archive into an existing directory of a running container, by the tar that every stage has; what is there
 * under these names is replaced. The engine's own call would do, but where packages are built on a tmpfs it leaves a mount
 * point on the writable layer, which a commit would take along. Throws a `Failure` `base-unusable`.
 */
export async function unpackArchive(
  { engine }: Pick<BuildContext, 'engine'>,
  { id }: Pick<BuildContainer, 'id'>,
  directory: string,
  archive: Readable,
): Promise<void> {
  const input = await buffer(archive);
  const command = ['/bin/sh', '-c', script, 'gentoo-builder-unpack', directory, String(input.length)];
  const { exitCode, stderr } = await runCommand(engine, id, { command, input });
  if (exitCode === 0) return;
  throw new Failure('base-unusable', `failed to write files below ${directory}: ${stderr.trim()}`, {
    hint: 'a stage has to have /bin/sh, head and tar',
  });
}
