import { text } from 'node:stream/consumers';
import { entriesOf } from '../../engine/archive-entries.ts';
import type { Containers } from '../../engine/containers.ts';
import type { ContainerId } from '../../engine/identifiers.ts';
import { workerLog } from './distcc-names.ts';

/** Reads the log of a worker, which need not be running; empty if there is no log yet. */
export async function readWorkerLog(engine: Containers, worker: ContainerId): Promise<string> {
  const archive = await engine.readArchive(worker, workerLog);
  if (archive === undefined) return '';
  let content = '';
  for await (const entry of entriesOf(archive)) content += await text(entry);
  return content;
}

/** Counts the files that were compiled, from a worker's log (`dcc_job_summary` in distcc's serve.c). */
export function countJobs(log: string): number {
  return log.match(/\) client: \S+ COMPILE_OK /g)?.length ?? 0;
}
