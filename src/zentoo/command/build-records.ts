import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBuildRecord, type BuildRecord } from '../../record/build-record.ts';
import { durationsOf } from '../../record/task-duration.ts';
import type { History, HistoryFile } from '../../schedule/history.ts';
import type { BuildContext } from '../../container/context.ts';
import type { Probe } from '../../container/probe.ts';
import { lookIntoState, statePlace, type SiteState } from '../run/site-state.ts';
import { openIndex, recordsName, writeIndex } from './duration-index.ts';
import { keepFailureNotes, readFailureNotes } from './failure-notes-file.ts';
import type { FailureNotes } from './failure-notes.ts';

/** The result of work that was recorded. */
export interface RecordedWork<T> {
  readonly result: T;
  /** The location of the record, for a person on the engine's host; undefined if it could not be kept. */
  readonly recordFile: string | undefined;
}

/** The data that {@link withBuildRecords} writes when a build ends. */
export interface RecordsToWrite {
  /** The record of the build so far. */
  readonly read: () => BuildRecord;
  /** The notes of failed packages: {@link withBuildRecords} adds those of earlier builds, and writes the changes. */
  readonly notes: FailureNotes;
}

/**
 * Runs a build with the durations and the failed packages of earlier builds, and keeps its record afterwards, also if the build
 * fails. Records are files of the site's state volume, `builds/<time>-<digits>/build.json`. `history.sqlite` is their index by
 * duration: it is made from the records, and made anew from all of them if it is missing or damaged. No container is started:
 * the index is read and written as a copy. At the end the durations are added to the index as it is then, because another build
 * may have changed it; so are the changes of `failed-packages.json`. Faults of these files are warnings.
 */
export async function withBuildRecords<T>(
  state: SiteState,
  work: (history: History) => Promise<T>,
  ending: RecordsToWrite,
): Promise<RecordedWork<T>> {
  const copies = mkdtempSync(join(tmpdir(), 'zentoo-history-'));
  try {
    const index = await attempt(state.context, 'read the durations and failures of earlier builds', () =>
      lookIntoState(state, async (probe) => {
        ending.notes.load(await readFailureNotes(state.context, probe));
        return openIndex(state, probe, join(copies, 'read.sqlite'));
      }),
    );
    try {
      const result = await work(guarded(state.context, index));
      return { result, recordFile: await keep() };
    } catch (error) {
      await keep();
      throw error;
    } finally {
      if (index !== undefined) await attempt(state.context, 'close the history of earlier builds', () => index.close());
    }
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
  async function keep(): Promise<string | undefined> {
    return attempt(state.context, 'keep the record of the build', () =>
      lookIntoState(state, (probe) => storeRecord(state, probe, join(copies, 'written.sqlite'), ending)),
    );
  }
}

/** Writes the notes and the record, and then its durations into the index. Returns the location of the record. */
async function storeRecord(
  state: SiteState,
  probe: Probe,
  path: string,
  { read, notes }: RecordsToWrite,
): Promise<string> {
  const record = read();
  await keepFailureNotes(probe, notes);
  const index = await openIndex(state, probe, path);
  const name = `${record.started.replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(4).toString('hex')}`;
  const file = `${recordsName}/${name}/build.json`;
  await probe.writeText(statePlace, file, writeBuildRecord(record));
  if (index !== undefined) {
    index.add(durationsOf(record));
    index.close();
    await writeIndex(probe, path);
  }
  return `the volume ${state.volume}, ${file}`;
}

/** A history that stops estimating when the index proves damaged. */
function guarded(context: Reporting, file: HistoryFile | undefined): History {
  let history = file;
  function use<T>(ask: (history: HistoryFile) => T): T | undefined {
    try {
      return history === undefined ? undefined : ask(history);
    } catch (error) {
      history = undefined;
      void warn(context, 'use the durations of earlier builds', error);
      return undefined;
    }
  }
  return {
    estimate: (node) => use((usable) => usable.estimate(node)),
    recall: (node) => use((usable) => usable.recall(node)),
    add: (durations) => use((usable) => usable.add(durations)),
  };
}

type Reporting = Pick<BuildContext, 'report'>;

async function attempt<T>(context: Reporting, what: string, work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    await warn(context, what, error);
    return undefined;
  }
}

async function warn({ report }: Reporting, what: string, error: unknown): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  await report({
    type: 'warning',
    message: `failed to ${what}: ${why}`,
    hint: 'the build continues; only its estimates and the order of its work get worse, and every package is tried',
  });
}
