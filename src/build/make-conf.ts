import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { runCommand } from '../engine/run-command.ts';
import { Failure } from '../failure.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';
import { unpackArchive } from './unpack-archive.ts';

const maximumSize = 1024 ** 2;
const directory = '/etc/portage';

/** Refuses a make.conf that cannot be one, before anything is started. */
export async function checkMakeConf(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const unusable = (why: string, cause?: unknown) =>
    new Failure('usage', `failed to read the make.conf ${path}: ${why}`, {
      hint: 'it is a file of the container that gentoo-builder runs in; mount it there: -v "$PWD/make.conf:/make.conf:ro" ... --make-conf /make.conf',
      cause,
    });
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw unusable('it is not a file');
    if (stats.size > maximumSize) throw unusable(`it has ${stats.size} bytes, and at most ${maximumSize} are allowed`);
    if ((await readFile(path)).includes(0)) throw unusable('it has NUL bytes in it, so it is not a text');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw unusable(error instanceof Error ? error.message : String(error), error);
  }
}

/** Prints whether the base has a directory in the place of the file. */
const kindScript = '[ -d "$1" ] && [ ! -L "$1" ] && echo directory';

/**
 * Puts it in the place of the base's own, in a container that runs; where that is a directory, behind the files in it, of
 * which the last one wins.
 */
export async function installMakeConf(
  context: Pick<BuildContext, 'engine'>,
  container: Pick<BuildContainer, 'id'>,
  path: string,
): Promise<void> {
  const command = ['/bin/sh', '-c', kindScript, 'gentoo-builder-kind', `${directory}/make.conf`];
  const { stdout } = await runCommand(context.engine, container.id, { command });
  const archive = pack();
  const name = stdout.trim() === 'directory' ? 'make.conf/zz-gentoo-builder.conf' : 'make.conf';
  archive.entry({ name, mode: 0o644 }, await readFile(path));
  archive.finalize();
  await unpackArchive(context, container, directory, Readable.from(archive));
}
