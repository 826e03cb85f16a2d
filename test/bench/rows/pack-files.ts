import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** Files, by their paths, as a tar archive. */
export function packFiles(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name, mtime: new Date(0) }, content);
  archive.finalize();
  return buffer(archive);
}
