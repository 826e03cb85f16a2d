import { readFileSync } from 'node:fs';
import type { FailedCommand } from '../../../src/portage/output/emerge-report.ts';

/** What a command printed in the ministage, and the status that it ended with: `fixtures/<name>.txt`. */
export function readTranscript(name: string): FailedCommand {
  const lines = readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), 'utf8').split('\n');
  const end = lines.findLastIndex((line) => line.startsWith('[exit '));
  return { exitStatus: Number(/\d+/.exec(lines[end] ?? '')?.[0]), lines: lines.slice(0, end) };
}
