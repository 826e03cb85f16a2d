import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerSession } from '../container/container-session.ts';
import { describeBuildLog, logMountTarget } from '../container/build-log.ts';
import { writeEntry } from '../container/probe.ts';
import { readElog } from '../emerge/read-elog.ts';
import type { ElogEntry } from '../portage/output/elog.ts';
import { writeBuildRecord, type BuildRecord } from '../record/build-record.ts';
import { measurePackages, type PackageSizes } from '../store/package-sizes.ts';
import type { EmergeResult } from './emerge-packages.ts';

const recordName = 'build.json';
/** The time limit for writing the record: an engine that failed may never answer. */
const timeoutMs = 3000;

/**
 * Writes the record of a build beside its logs. Returns its location for a person on the engine's host. If the record cannot be
 * written, the function reports a warning and returns undefined, because the image does not depend on the record.
 */
export async function keepRecord(session: ContainerSession, record: BuildRecord): Promise<string | undefined> {
  const { engine, id, log } = session;
  const entry = { path: `${log.name}/${recordName}`, content: writeBuildRecord(record) };
  const writing = writeEntry(engine, id, logMountTarget, entry).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const why = await Promise.race([writing, delay(timeoutMs, 'the engine does not answer', { ref: false })]);
  if (why === undefined) return describeBuildLog(log, `${log.directory}/${recordName}`);
  await session.report({ type: 'warning', message: `failed to write the record of the build: ${why}` });
  return undefined;
}

/** The facts about packages that the record has, read from their build container. */
export interface PackageFacts {
  readonly elog: readonly ElogEntry[];
  readonly sizes: PackageSizes;
}

/**
 * Reads the messages (elog) and the sizes of packages for the record. If they cannot be read, reports a warning and leaves them
 * out.
 */
export async function readFactsForRecord(
  session: ContainerSession,
  { pkgdir }: Pick<EmergeResult, 'pkgdir'>,
): Promise<PackageFacts> {
  const tryTo = async <T>(name: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      const message = `failed to read the ${name} of the packages: ${error instanceof Error ? error.message : String(error)}`;
      await session.report({ type: 'warning', message });
      return undefined;
    }
  };
  return {
    elog: (await tryTo('messages', () => readElog(session))) ?? [],
    sizes: (await tryTo('sizes', () => measurePackages(session, { pkgdir }))) ?? {},
  };
}
