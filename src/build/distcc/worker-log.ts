import { text } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import type { ContainerId, Engine } from '../../engine/engine.ts';
import { workerLog } from './distcc-names.ts';

/** All that a worker has written down, whether it runs or not; empty where it has not begun. */
export async function readWorkerLog(engine: Pick<Engine, 'readArchive'>, worker: ContainerId): Promise<string> {
  const archive = await engine.readArchive(worker, workerLog);
  if (archive === undefined) return '';
  const entries = extract();
  archive.once('error', (error) => entries.destroy(error));
  let content = '';
  for await (const entry of archive.pipe(entries)) content += await text(entry);
  return content;
}

/** How many files a worker compiled, of what it has written down (`dcc_job_summary` in distcc's serve.c). */
export function countJobs(log: string): number {
  return log.match(/\) client: \S+ COMPILE_OK /g)?.length ?? 0;
}
