import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Failure, reportFailure } from '../../setup/failure.js';
import { asksForHelp } from '../../setup/help.js';
import { interruptible, throwIfInterrupted } from '../../setup/process/interruption.js';
import type { Bench, Comparison, Need } from './bench-world.ts';
import { documentPath, formatDocument } from './benchmarks-document.ts';
import { BuildKit } from './buildkit.ts';
import { comparisons, swarmComparisons } from './comparisons.ts';
import { EngineApi } from './engine-api.ts';
import { isMet, type Row } from './row.ts';
import { readConditions } from './conditions.ts';
import { formatTable } from './table.ts';
import { prefix, TestBed } from './test-bed.ts';
import { TinyGround } from './tiny-ground.ts';

/*
 * `npm run bench -- [--swarm] [--runs N] [--only NAME]... [--package ATOM] [--write]`: prints a table of ratios that are measured side by side in one run, each with its target. The exit status is 1 if a row misses its target or could not be measured.
 */

/** A library and a program that links it, one C file each: the smallest build with a dependency. */
const defaultPackage = 'app-misc/greet';

interface Choices {
  readonly runs: number;
  readonly chosen: readonly Comparison[];
  readonly atom: string;
  /** The image that the builder's is made from. */
  readonly runtimeImage: string;
  /** Whether the rows are those of a swarm. */
  readonly swarm: boolean;
  /** Whether the results are written to the document. */
  readonly write: boolean;
  /** The command line. */
  readonly command: string;
}

/** Measures and prints. Returns whether every row could be measured and met its target. */
async function bench({ runs, chosen, atom, runtimeImage, swarm, write, command }: Choices): Promise<boolean> {
  const started = new Date();
  const begin = performance.now();
  const api = new EngineApi();
  await using stack = new AsyncDisposableStack();
  const buildKit = stack.use(new BuildKit(api, prefix));
  const bed = stack.use(new TestBed(api, atom));
  const tiny = stack.use(new TinyGround(bed, runs));
  const world: Bench = { api, runs, runtimeImage, buildKit, bed, tiny };
  const conditions = await readConditions(api, bed.base);
  const prepare = preparation({ bed: () => bed.prepare(), tiny: () => tiny.prepare() });
  const rows: Row[] = [];
  const failed: string[] = [];
  for (const [index, { name, needs, run }] of chosen.entries()) {
    process.stderr.write(`measure ${name} (${index + 1} of ${chosen.length})\n`);
    try {
      await prepare(needs);
      const measured = await run(world);
      process.stderr.write(formatTable(measured).replace(/^.*\n/, ''));
      rows.push(...measured);
    } catch (error) {
      throwIfInterrupted('measure');
      failed.push(name);
      process.stderr.write(`failed to measure ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  const seconds = (performance.now() - begin) / 1000;
  const about = Object.entries(conditions).map(([what, words]) => `${what}: ${words}\n`);
  process.stdout.write(`${about.join('')}package: ${atom}; ${runs} of each in turns\n\n`);
  process.stdout.write(formatTable(rows));
  if (failed.length > 0) process.stderr.write(`not in the table, as it could not be measured: ${failed.join(', ')}\n`);
  else if (write) {
    const document = formatDocument({ command, started, seconds, runs, conditions, rows, swarm });
    writeFileSync(documentPath({ swarm }), document);
  }
  return failed.length === 0 && rows.every(isMet);
}

/** Prepares each need once, after the needs that it depends on. If a preparation fails, every comparison that needs it fails. */
function preparation(steps: Readonly<Record<Need, () => Promise<void>>>) {
  const done = new Map<Need, Promise<void>>();
  const once = (need: Need, step: () => Promise<void>): Promise<void> => {
    const known = done.get(need) ?? step();
    done.set(need, known);
    return known;
  };
  return async (need: Need | undefined): Promise<void> => {
    if (need !== undefined) await once('bed', steps.bed);
    if (need === 'tiny') await once('tiny', steps.tiny);
  };
}

/** Undefined for an invalid command line. */
function parseChoices(args: readonly string[]): Choices | undefined {
  const values = parseOptions(args);
  if (values === undefined) return undefined;
  const { swarm, write, only = [], package: atom, 'runtime-image': runtimeImage } = values;
  const runs = Number(values.runs);
  const all = swarm ? swarmComparisons : comparisons;
  const names: readonly string[] = all.map(({ name }) => name);
  if (!Number.isInteger(runs) || runs <= 0 || !only.every((name) => names.includes(name))) return undefined;
  // The document holds only whole tables.
  if (runtimeImage === undefined || (write && only.length > 0)) return undefined;
  const chosen = only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
  // The first two arguments come from set-up.
  const typed = ['npm run bench', ...(args.length > 2 ? ['--'] : []), ...args.slice(2)].join(' ');
  return { runs, chosen, atom, runtimeImage, swarm, write, command: typed };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        runs: { type: 'string', default: '5' },
        only: { type: 'string', multiple: true },
        package: { type: 'string', default: defaultPackage },
        swarm: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        // From `setup/bench.js`, which knows the base of the builder's image.
        'runtime-image': { type: 'string' },
      },
    }).values;
  } catch {
    return undefined;
  }
}

function usage(): string {
  const forms = [comparisons, swarmComparisons].map((all) => all.map(({ name }) => name).join('|'));
  const lines = forms.map((names, index) => {
    const swarm = index === 0 ? '' : '--swarm ';
    return `npm run bench -- ${swarm}[--runs N] [--package ATOM] [--only ${names}]... | [--write]\n`;
  });
  return `usage: ${lines.join('       ')}`;
}

async function main(args: readonly string[]): Promise<number> {
  if (asksForHelp(args)) {
    process.stdout.write(usage());
    return 0;
  }
  const choices = parseChoices(args);
  if (choices === undefined) {
    process.stderr.write(usage());
    return 2;
  }
  try {
    return (await interruptible(() => bench(choices))) ? 0 : 1;
  } catch (error) {
    if (error instanceof Failure) return reportFailure(error);
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
