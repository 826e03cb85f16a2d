import type { Probe } from '../../container/probe.ts';
import { readNotes, writeNotes, type FailureNote } from '../../record/failed-packages.ts';
import { lookIntoState, stateOf, statePlace } from '../run/site-state.ts';
import type { SiteRun } from '../run/site-run.ts';
import { requireNotes, type FailureNotes, type Retry } from './failure-notes.ts';

const fileName = 'failed-packages.json';

/** Reads the notes of failed packages in a state volume. A file that is damaged or of a later format is a warning, and has no notes. */
export async function readFailureNotes(
  { report }: Pick<SiteRun, 'report'>,
  probe: Probe,
): Promise<readonly FailureNote[]> {
  const json = await probe.readText(`${statePlace}/${fileName}`);
  if (json === undefined) return [];
  const found = readNotes(json);
  if (found.type === 'read') return found.notes;
  await report({
    type: 'warning',
    message: `the notes of failed packages (${fileName} in the site's state) are not used: ${found.why}`,
    hint: 'every package is tried',
  });
  return [];
}

/** Throws a failure for each atom of `retry` that no failed package matches. */
export async function checkRetry(run: SiteRun, retry: Retry): Promise<void> {
  if (retry === 'all' || retry.length === 0) return;
  requireNotes(retry, await lookIntoState(stateOf(run), (probe) => readFailureNotes(run, probe)));
}

/** Makes a build's changes of the notes in their file. A file of a later format stays as it is. */
export async function keepFailureNotes(probe: Probe, changes: FailureNotes): Promise<void> {
  if (!changes.hasChanged) return;
  const json = await probe.readText(`${statePlace}/${fileName}`);
  const found = json === undefined ? undefined : readNotes(json);
  if (found?.type === 'refused' && found.isLater) return;
  const notes = changes.update(found?.type === 'read' ? found.notes : []);
  await probe.writeText(statePlace, fileName, writeNotes(notes));
}
