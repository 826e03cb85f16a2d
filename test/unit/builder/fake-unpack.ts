import { Readable } from 'node:stream';
import type { ExecRequest } from '../../../src/engine/execs.ts';
import type { ExecResult, ExecStreams } from '../../support/fake-engine/fake-engine-execs.ts';
import { unpackFiles } from '../../support/fake-engine/fake-engine-files.ts';
import type { FakeContainer } from '../../support/fake-engine/fake-engine-state.ts';

/** Plays the command of `unpack-archive.ts`: unpacks standard input into a directory of the container or of a volume. */
export async function playUnpacking(
  container: FakeContainer,
  { command }: ExecRequest,
  { input }: ExecStreams,
): Promise<ExecResult> {
  const [directory = '', size] = command.slice(4);
  const { files, path } = container.filesAt(directory);
  for (const [name, file] of await unpackFiles(path, Readable.from([await readBytes(input, Number(size))])))
    files.set(name, file);
  return {};
}

/** Reads `size` bytes of a standard input, or fewer if it ends. */
export async function readBytes(input: AsyncIterable<Buffer>, size: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) {
    chunks.push(chunk);
    if (Buffer.concat(chunks).length >= size) break;
  }
  return Buffer.concat(chunks).subarray(0, size);
}
