import type { OutputChunk } from '../engine/execs.ts';
import type { Report } from '../report/event.ts';

/** Reads a line of `job/lock-tree.sh` about a tree whose lock it waits for: who holds the lock, and since when. */
export function parseWaiting(line: string): string | undefined {
  return /^>>> Waiting for (the tree .+)$/.exec(line)?.[1];
}

/** Reports that a step waits for a tree. */
export async function reportWaiting(report: Report, waiting: string): Promise<void> {
  await report({ type: 'note', message: `waiting for ${waiting}` });
}

/** Returns a function that receives output. It reports each line of standard error about waiting for a tree. */
export function waitingReporter(report: Report): (chunk: OutputChunk) => void {
  let begun = '';
  return ({ stream, data }) => {
    if (stream !== 'stderr') return;
    const lines = (begun + data.toString('utf8')).split('\n');
    begun = lines.pop() ?? '';
    for (const line of lines) {
      const waiting = parseWaiting(line);
      if (waiting !== undefined) void reportWaiting(report, waiting);
    }
  };
}
