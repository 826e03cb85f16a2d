import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { shellProgram } from '../../container-program.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import { Failure } from '../../failure.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { labelInstructions } from '../../engine/image-labels.ts';
import { importCommand } from './root-contents.ts';
import { RootStream } from './root-stream.ts';

/** A root below another root, and the image to make from it. */
export interface ImportedRoot {
  readonly root: string;
  /** `name:tag`. If another image has the name, the name moves to the new image. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The shells that become the image's command, the first one that exists. */
const shells = ['/bin/bash', '/bin/sh'];

/**
 * Makes an image of one layer from a directory of a container: this program passes the tar from the container to the
 * engine. The import ends only after as many bytes arrived as tar wrote, so a cut stream makes no image. Throws
 * `assemble-failed` if tar fails, `engine-lost` if the stream is cut or half open, `container-lost`.
 */
export async function importRoot(session: ContainerSession, { root, name, labels }: ImportedRoot): Promise<ImageId> {
  const { engine, signal } = session;
  signal.throwIfAborted();
  const shell = await findShell(session, root);
  const changes = [...(shell === '' ? [] : [`CMD ${JSON.stringify([shell])}`]), ...labelInstructions(labels)];
  const stream = await RootStream.open(session, importCommand(root));
  // Without a listener, an error would end the program: the engine may have refused the request already.
  const archive = new PassThrough().on('error', () => undefined);
  const abort = () => archive.destroy(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    // The archive ends, or breaks off with the failure, before the engine makes an image of it.
    const feeding = pipeline(wholeContent(session, stream, { root, name }), archive);
    const [image] = await Promise.all([engine.importImage(archive, { name, changes }, signal), feeding]);
    return image;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    archive.destroy();
    stream.close();
  }
}

async function findShell(session: ContainerSession, root: string): Promise<string> {
  const command = shellProgram(new URL('./find-shell.sh', import.meta.url), 'zentoo-find-shell', root, ...shells);
  const { stdout } = await session.run({ command });
  return stdout.trim();
}

/** Yields the bytes of a tar. Throws at the end if the tar is not whole. */
async function* wholeContent(
  session: ContainerSession,
  stream: RootStream,
  { root, name }: Pick<ImportedRoot, 'root' | 'name'>,
): AsyncGenerator<Buffer, void> {
  yield* stream.content();
  const outcome = await stream.outcome();
  if (outcome.kind === 'whole') return;
  const loss = await session.findLoss('make an image of the root');
  if (loss !== undefined) throw loss;
  if (outcome.kind === 'refused')
    throw new Failure('assemble-failed', `failed to read the root ${root}: tar ended with ${outcome.status}`, {
      logTail: outcome.lines.slice(-20),
    });
  throw new Failure('engine-lost', `failed to make the image ${name}: the stream of its root was cut`, {
    hint: 'check whether a proxy between this program and the engine closes connections, or whether the engine restarts',
    cause: outcome.cause,
  });
}
