import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ImageId } from '../../engine/engine.ts';
import { Failure } from '../../failure.ts';
import type { BuildContainer } from '../build-container.ts';
import { labelInstructions } from '../commit-once.ts';
import type { BuildContext } from '../context.ts';
import { runCommand } from '../../engine/run-command.ts';

/** A root below another one, and the image that it is to be. */
export interface ImportedRoot {
  readonly root: string;
  /** `name:tag`; moved where it is taken. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What a shell is called, the best one first. */
const shells = ['/bin/bash', '/bin/sh'];

/**
 * Makes a directory of a container into an image of one layer: its tar stream goes from the one to the other through this
 * program. It gets its name when as many bytes have arrived as tar has written: the end of a stream alone proves nothing.
 * The image's command is a shell, if it has one. Throws `assemble-failed` where tar fails, `engine-lost` where the stream is cut.
 */
export async function importRoot(
  { engine, signal }: BuildContext,
  { id }: BuildContainer,
  { root, name, labels }: ImportedRoot,
): Promise<ImageId> {
  signal.throwIfAborted();
  const script = 'for shell; do [ -x "$0$shell" ] && echo "$shell" && exit; done';
  const { stdout } = await runCommand(engine, id, { command: ['/bin/sh', '-c', script, root, ...shells] });
  const shell = stdout.trim();
  const changes = [...(shell === '' ? [] : [`CMD ${JSON.stringify([shell])}`]), ...labelInstructions(labels)];
  const command = [
    ...['/bin/sh', '-c', 'LC_ALL=C exec tar "$@"', 'zentoo-import'],
    '--totals',
    '-C',
    root,
    '--one-file-system',
    '--numeric-owner',
    '--xattrs',
    '--acls',
    '-cf',
    '-',
    '.',
  ];
  const exec = await engine.execAttached(id, { command });
  // Without a listener an error would end the program, as where the engine has refused the request already.
  const archive = new PassThrough().on('error', () => undefined);
  const said: Buffer[] = [];
  let bytes = 0;
  const stop = () => archive.destroy(signal.reason as Error);
  signal.addEventListener('abort', stop);
  const feeding = (async () => {
    try {
      for await (const { stream, data } of exec.output) {
        if (stream === 'stdout') bytes += data.length;
        if (stream === 'stderr') said.push(data);
        else if (!archive.write(data))
          await new Promise((resolve) => archive.once('drain', resolve).once('close', resolve));
        if (archive.destroyed) return;
      }
      const lines = Buffer.concat(said).toString('utf8').split('\n').filter(Boolean);
      const written = lines.map((line) => /^Total bytes written: (\d+) /.exec(line)?.[1]).findLast(Boolean);
      const exitCode = await engine.execExitCode(exec.id);
      if (isFailure(exitCode))
        throw new Failure('assemble-failed', `failed to read the root ${root}: tar ended with ${exitCode}`, {
          logTail: lines.slice(-20),
        });
      if (written !== String(bytes))
        throw new Failure('engine-lost', `failed to make the image ${name}: the stream of its root was cut`, {
          hint: 'check what stands between this program and the engine: a proxy, a restarting engine',
        });
      archive.end();
    } catch (error) {
      archive.destroy(error as Error);
    }
  })();
  try {
    const [image] = await Promise.all([engine.importImage(archive, { name, changes }), feeding]);
    await finished(archive).catch(() => undefined);
    return image;
  } finally {
    signal.removeEventListener('abort', stop);
    archive.destroy();
    exec.close();
  }
}

/** By tar's own status; that of a process whose client is gone, 126, or none at all says nothing about tar. */
function isFailure(exitCode: number | undefined): boolean {
  return exitCode !== undefined && exitCode !== 0 && exitCode !== 126;
}
