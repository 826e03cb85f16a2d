import { join } from 'node:path';
import { PROJECT } from '../../setup/places.js';
import type { Row } from './row.ts';
import type { Surroundings } from './surroundings.ts';
import { formatMarkdownTable } from './table.ts';

/** Where the results of a run are kept. */
export const documentPath = join(PROJECT, 'docs/benchmarks.md');

/** A whole run of the benchmark. */
export interface BenchRun {
  /** What was typed. */
  readonly command: string;
  readonly started: Date;
  readonly seconds: number;
  /** How often what takes seconds was measured, and what takes minutes. */
  readonly runs: number;
  readonly longRuns: number;
  readonly surroundings: Surroundings;
  readonly rows: readonly Row[];
}

/** The document, formatted as prettier has it. */
export function formatDocument({ command, started, seconds, runs, longRuns, surroundings, rows }: BenchRun): string {
  const sections = rows.flatMap(({ name, details }) =>
    details.length === 0 ? [] : [`${name}:\n\n${details.map((detail) => `    ${detail}\n`).join('')}`],
  );
  return `# Benchmarks

Written by the benchmark itself: the next run with \`--write\` replaces all of it.

    ${command}

${started.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${(seconds / 60).toFixed(1)} minutes. What is compared was measured in turns in this one run: ${runs} times each after a
round that does not count, and ${longRuns === 1 ? 'once' : `${longRuns} times`} what takes minutes (tmpfs, eleventh, overlap, distcc). Ratios are ours divided by theirs, round by round, but for throughput.

${Object.entries(surroundings)
  .map(([about, words]) => `- ${about}: ${words}\n`)
  .join('')}
${formatMarkdownTable(rows)}
## Details

Medians and, in brackets, the outermost values.

${sections.join('\n')}`;
}
