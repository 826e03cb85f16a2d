import { parseArgs } from 'node:util';
import { Failure, reportFailure } from '../../setup/failure.js';
import { interruptible } from '../../setup/interruption.js';
import { EngineApi } from './engine-api.ts';
import { compareImageSize } from './image-size.ts';
import { compareLargeLog } from './large-log.ts';
import { compareWithBareCalls, compareWithScript } from './main-job.ts';
import { formatRow, heading, isMet, type Row } from './row.ts';
import { compareStartUp } from './start-up.ts';
import { describeSurroundings } from './surroundings.ts';
import { TestBed } from './test-bed.ts';

/*
 * `npm run bench -- [--runs N] [--only NAME]... [--package ATOM]`: ratios that are measured side by side in one run, each
 * with what it has to reach. The exit status is 1 where one of them does not.
 */

/** A library and a program against it, a C file each: the least that a build with a dependency is. */
const defaultPackage = 'app-misc/greet';

const names = ['size', 'start', 'log', 'program', 'job'] as const;
type Name = (typeof names)[number];

interface Choices {
  readonly runs: number;
  readonly only: readonly Name[];
  readonly atom: string;
  /** The image that the builder's is made from. */
  readonly runtimeImage: string;
}

/** Measures and prints; whether every target was met. */
async function bench({ runs, only, atom, runtimeImage }: Choices): Promise<boolean> {
  const api = new EngineApi();
  await using bed = new TestBed(api, atom);
  const comparisons: Readonly<Record<Name, () => Promise<readonly Row[]>>> = {
    size: () => compareImageSize(api, runtimeImage),
    start: () => compareStartUp(api, runs),
    log: () => compareLargeLog(bed, runs),
    program: () => compareWithBareCalls(bed, runs),
    job: () => compareWithScript(bed, runs),
  };
  await bed.prepare();
  process.stdout.write(`${await describeSurroundings(bed, runs)}\n\n${heading}\n`);
  let met = true;
  for (const name of only) {
    process.stderr.write(`measure ${name}\n`);
    const rows = await comparisons[name]();
    process.stdout.write(`${rows.map(formatRow).join('')}\n`);
    met &&= rows.every(isMet);
  }
  return met;
}

/** Undefined for a command line that is none. */
function parseChoices(args: readonly string[]): Choices | undefined {
  const values = parseOptions(args);
  if (values === undefined) return undefined;
  const runs = Number(values.runs);
  const only = names.filter((name) => values.only.includes(name));
  const runtimeImage = values['runtime-image'];
  const valid = Number.isInteger(runs) && runs > 0 && values.only.every(isName);
  return valid && runtimeImage !== undefined ? { runs, only, atom: values.package, runtimeImage } : undefined;
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        runs: { type: 'string', default: '5' },
        only: { type: 'string', multiple: true, default: [...names] },
        package: { type: 'string', default: defaultPackage },
        // Given by `setup/bench.js`, which knows what the builder's image was made from.
        'runtime-image': { type: 'string' },
      },
    }).values;
  } catch {
    return undefined;
  }
}

function isName(name: string): name is Name {
  return names.some((known) => known === name);
}

async function main(args: readonly string[]): Promise<number> {
  const choices = parseChoices(args);
  if (choices === undefined) {
    process.stderr.write(`usage: npm run bench -- [--runs N] [--only ${names.join('|')}]... [--package ATOM]\n`);
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
