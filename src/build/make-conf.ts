import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pack } from 'tar-fs';
import type { ContainerId, Engine } from '../engine/engine.ts';
import { Failure } from '../failure.ts';

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

/** Puts it in the place of the base's own; where that is a directory, behind the files in it, of which the last one wins. */
export async function installMakeConf(engine: Engine, container: ContainerId, path: string): Promise<void> {
  const current = await engine.statPath(container, `${directory}/make.conf`);
  const name = current?.kind === 'directory' ? 'make.conf/zz-gentoo-builder.conf' : 'make.conf';
  // The file itself, and not its name in its directory: the latter is refused for a file in the root directory.
  const archive = pack(path, {
    dereference: true,
    map: (header) => ({ ...header, name, mode: 0o644, uid: 0, gid: 0, uname: 'root', gname: 'root' }),
  });
  await engine.writeArchive(container, directory, Readable.from(archive));
}
