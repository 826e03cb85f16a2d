import { join } from 'node:path';
import { PROJECT } from '../../setup/places.js';
import type { Row } from './row.ts';
import type { Conditions } from './conditions.ts';
import { formatMarkdownTable } from './table.ts';

/** The path of the document with the results of a run: those of a swarm have one of their own, with its date, commit and command. */
export function documentPath({ swarm }: { readonly swarm: boolean }): string {
  return join(PROJECT, swarm ? 'docs/benchmarks-swarm.md' : 'docs/benchmarks.md');
}

/** A whole run of the benchmark. */
export interface BenchRun {
  /** The command line. */
  readonly command: string;
  readonly started: Date;
  readonly seconds: number;
  /** The number of measurements of each row. */
  readonly runs: number;
  readonly conditions: Conditions;
  readonly rows: readonly Row[];
  /** Whether the rows are those of a swarm. */
  readonly swarm: boolean;
}

/** The document, in prettier's format. */
export function formatDocument({ command, started, seconds, runs, conditions, rows, swarm }: BenchRun): string {
  const sections = rows.flatMap(({ name, details }) =>
    details.length === 0 ? [] : [`${name}:\n\n${details.map((detail) => `    ${detail}\n`).join('')}`],
  );
  return `# Benchmarks${swarm ? ' of a swarm' : ''}

Written by the benchmark itself: the next run with \`--write\` replaces all of it.

    ${command}

${started.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${(seconds / 60).toFixed(1)} minutes. All sides of a comparison took turns in this run, ${runs} times each.
Rows of seconds had a first round that does not count. Ratios are ours divided by theirs, round by round, except for throughput.

${Object.entries(conditions)
  .map(([about, words]) => `- ${about}: ${words}\n`)
  .join('')}
${formatMarkdownTable(rows)}
## Details

Medians and, in brackets, the outermost values.

${sections.join('\n')}`;
}
