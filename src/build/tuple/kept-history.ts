import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHistory, UnusableHistory, type Duration, type History, type HistoryFile } from '../../schedule/history.ts';
import { inWorkspace } from '../in-workspace.ts';
import { withProbe, type Probe } from '../probe.ts';
import { removeWorkspace } from '../workspace.ts';
import { stateVolume } from './claim-site.ts';
import type { SiteRun } from './site-run.ts';

const statePlace = '/mnt/state';
const keptName = 'history.sqlite';

/**
 * Hands the site's history to `work`, and keeps what that has noted, whatever comes of it. It is a file of the site's state
 * volume, which no container is started for: it is opened as a copy, and what was noted is added in the end to what is
 * there then, for another build may have noted something meanwhile. Without it everything takes place all the same: what is
 * wrong with it is a warning.
 */
export async function withHistory<T>(run: SiteRun, work: (history: History) => Promise<T>): Promise<T> {
  const copies = mkdtempSync(join(tmpdir(), 'zentoo-history-'));
  const noted: Duration[] = [];
  try {
    const history = await attempt(run, 'read how long builds took before', () =>
      inState(run, (probe) => openKept(run, probe, join(copies, 'read.sqlite'))),
    );
    try {
      return await work(guarded(run, history, noted));
    } finally {
      if (history !== undefined) await attempt(run, 'close the history of the site', () => history.close());
      if (noted.length > 0)
        await attempt(run, 'keep how long this build took', () =>
          inState(run, (probe) => addToKept(run, probe, join(copies, 'written.sqlite'), noted)),
        );
    }
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
}

/** Notes what is to be kept, and estimates nothing any more once the copy has turned out to be unusable. */
function guarded(run: SiteRun, file: HistoryFile | undefined, noted: Duration[]): History {
  let history = file;
  function use<T>(ask: (history: HistoryFile) => T): T | undefined {
    try {
      return history === undefined ? undefined : ask(history);
    } catch (error) {
      history = undefined;
      void warn(run, 'use the history of the site', error);
      return undefined;
    }
  }
  return {
    estimate: (node) => use((usable) => usable.estimate(node)),
    note(node, seconds) {
      const duration = { ...node, seconds, ended: Date.now() };
      noted.push(duration);
      use((usable) => usable.add([duration]));
    },
  };
}

async function addToKept(run: SiteRun, probe: Probe, path: string, noted: readonly Duration[]): Promise<void> {
  const history = await openKept(run, probe, path);
  if (history === undefined) return;
  history.add(noted);
  history.close();
  await probe.writeBytes(statePlace, keptName, readFileSync(path));
}

/** Opens a copy of what is kept at `path`. What is not a history is set aside, and a new one begun. */
async function openKept(run: SiteRun, probe: Probe, path: string): Promise<HistoryFile | undefined> {
  const kept = await probe.readBytes(`${statePlace}/${keptName}`);
  if (kept === undefined) return openHistory(path);
  writeFileSync(path, kept);
  try {
    return openHistory(path);
  } catch (error) {
    if (!(error instanceof UnusableHistory)) throw error;
    rmSync(path);
    await setAside(run, probe, kept, error);
    const begun = openHistory(path);
    begun?.close();
    // Otherwise it would be set aside again by whoever comes next, should this run not come to its end.
    if (begun !== undefined) await probe.writeBytes(statePlace, keptName, readFileSync(path));
    return openHistory(path);
  }
}

async function setAside(run: SiteRun, probe: Probe, kept: Buffer, { message }: UnusableHistory): Promise<void> {
  const volume = stateVolume(run.site);
  const name = `${keptName}.corrupt-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  await probe.writeBytes(statePlace, name, kept);
  await run.report({
    type: 'warning',
    message: `the history of the site cannot be used: ${message}; it is set aside as ${name} in the volume ${volume}, and a new one begun`,
    hint: `only estimates are lost; to remove it: docker run --rm -v ${volume}:/state ${imageOf(run)} rm /state/${name}`,
  });
}

/** Looks into the state volume by an image that the site has anyway. */
async function inState<T>(run: SiteRun, look: (probe: Probe) => Promise<T>): Promise<T> {
  const mounts = [{ type: 'volume', source: stateVolume(run.site), target: statePlace }] as const;
  return inWorkspace({ keepFailed: false }, run, async (workspace) => {
    const result = await withProbe(run.engine, workspace, { image: imageOf(run), mounts }, look);
    await removeWorkspace(run, workspace.volume);
    return result;
  });
}

function imageOf({ stages }: SiteRun): string {
  const [stage] = [...stages.values()].filter(({ image }) => image !== undefined);
  if (stage === undefined) throw new Error('the engine has no image of a stage of the site');
  return stage.name;
}

async function attempt<T>(run: SiteRun, what: string, work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    await warn(run, what, error);
    return undefined;
  }
}

async function warn({ report }: SiteRun, what: string, error: unknown): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  await report({
    type: 'warning',
    message: `failed to ${what}: ${why}`,
    hint: 'the build goes on; only estimates, and the order that goes by them, are worse',
  });
}
