import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Probe } from '../../container/probe.ts';
import { readBuildRecord } from '../../record/build-record.ts';
import { durationsOf } from '../../record/task-duration.ts';
import { openHistory, UnusableHistory, type HistoryFile } from '../../schedule/history.ts';
import { statePlace, type SiteState } from '../run/site-state.ts';

/** The directory of the records in a state volume, `<time>-<digits>/build.json` each. */
export const recordsName = 'builds';
const indexName = 'history.sqlite';

/**
 * Opens a copy of the index at `path`: the durations of all records in a state volume. An index that is missing or damaged is
 * made from the records. Returns undefined if this Node.js has no SQLite.
 */
export async function openIndex(state: SiteState, probe: Probe, path: string): Promise<HistoryFile | undefined> {
  const kept = await probe.readBytes(`${statePlace}/${indexName}`);
  if (kept === undefined) return indexRecords(state, probe, openHistory(path));
  writeFileSync(path, kept);
  try {
    return openHistory(path);
  } catch (error) {
    if (!(error instanceof UnusableHistory)) throw error;
    rmSync(path);
    await setAside(state, probe, kept, error);
    const made = await indexRecords(state, probe, openHistory(path));
    made?.close();
    // The index is written now, because the next run would set the damaged index aside again if this run is interrupted.
    if (made !== undefined) await writeIndex(probe, path);
    return openHistory(path);
  }
}

/** Writes the closed copy of the index at `path` into the state volume. */
export function writeIndex(probe: Probe, path: string): Promise<void> {
  return probe.writeBytes(statePlace, indexName, readFileSync(path));
}

/** Adds the durations of all records to a new index. */
async function indexRecords(
  { context }: SiteState,
  probe: Probe,
  index: HistoryFile | undefined,
): Promise<HistoryFile | undefined> {
  if (index === undefined) return undefined;
  for (const [path, text] of await probe.readTexts(`${statePlace}/${recordsName}`)) {
    const read = readBuildRecord(text);
    if (read.type === 'read') index.add(durationsOf(read.record));
    else {
      const message = `the record ${recordsName}/${path} of the site is not used: ${read.why}`;
      await context.report({ type: 'warning', message });
    }
  }
  return index;
}

async function setAside(
  { context, volume, image }: SiteState,
  probe: Probe,
  kept: Buffer,
  { message }: UnusableHistory,
): Promise<void> {
  const name = `${indexName}.corrupt-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  await probe.writeBytes(statePlace, name, kept);
  await context.report({
    type: 'warning',
    message: `the durations of earlier builds cannot be used: ${message}; they are set aside as ${name} in the volume ${volume}, and zentoo makes them again from the records of the builds`,
    hint: `to remove the file: docker run --rm -v ${volume}:/state ${image} rm /state/${name}`,
  });
}
