import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { shellProgram } from '../container-program.ts';
import type { CommandRunner } from '../engine/run-command.ts';
import { Failure } from '../failure.ts';

/**
 * Unpacks a small archive into an existing directory of a running container with the container's own tar, which every stage
 * has. Existing files of the same names are replaced. The engine's archive call is not used, because it leaves a mount point on
 * the writable layer if packages are built on a tmpfs, and a commit would keep the mount point. Throws a `Failure`
 * `base-unusable`.
 */
export async function unpackArchive({ run }: CommandRunner, directory: string, archive: Readable): Promise<void> {
  const input = await buffer(archive);
  const program = new URL('./unpack-archive.sh', import.meta.url);
  const command = shellProgram(program, 'gentoo-builder-unpack', directory, String(input.length));
  const { exitCode, stderr } = await run({ command, input });
  if (exitCode === 0) return;
  throw new Failure('base-unusable', `failed to write files below ${directory}: ${stderr.trim()}`, {
    hint: 'use a base with /bin/sh, head and tar, as every stage has them',
  });
}
