import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { type MutantResult } from '@stryker-mutator/api/core';
import { Failure, reportFailure } from '../../setup/failure.js';
import { ANNOUNCER } from './announce-survivors.ts';
import { SAMPLER } from './sample-mutants.ts';
import { chooseRooms, testsOf } from './rooms.ts';
import { formatSurvival, formatSurvivors, isWithinLimit, readSurvival } from './survival.ts';

/**
 * `npm run test:mutants -- [--seed TEXT] [--per-room N] [--concurrency N] [--own-tests] [ROOM]...`: changes the sources in small
 * ways (mutants), runs the unit tests that execute the changed place, and prints how many mutants no test notices. With
 * `--own-tests`, only the tests of the room and of the rooms around it run (of all of zentoo for `zentoo/run`): minutes instead
 * of an hour, and never fewer survivors.
 * @returns the exit status: 1 if a room is over its limit
 */
async function testMutants(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: randomBytes(4).toString('hex') },
      'per-room': { type: 'string', default: '60' },
      concurrency: { type: 'string', default: '1' },
      'own-tests': { type: 'boolean', default: false },
    },
  });
  const rooms = chooseRooms(positionals);
  process.stderr.write(`sample of ${values['per-room']} mutants per room, seed ${values.seed}\n`);
  const choices = {
    seed: values.seed,
    perRoom: Number(values['per-room']),
    concurrency: Number(values.concurrency),
  };
  const results: MutantResult[] = [];
  if (values['own-tests'])
    for (const room of rooms) results.push(...(await runStryker([room], choices, testsOf(outermost(room)))));
  else results.push(...(await runStryker(rooms, choices, 'test/unit')));
  const survival = readSurvival(results, rooms);
  process.stdout.write(
    `\n${survival.map(({ survivors }) => formatSurvivors(survivors)).join('')}\n${formatSurvival(survival)}`,
  );
  process.stdout.write(`seed ${values.seed}, ${values['per-room']} mutants per room\n`);
  return survival.every(isWithinLimit) ? 0 : 1;
}

/** @param room such as `zentoo/run`; its code is run by the tests of other rooms in `zentoo`, too */
function outermost(room: string): string {
  return room.split('/')[0] ?? room;
}

interface Choices {
  readonly seed: string;
  readonly perRoom: number;
  readonly concurrency: number;
}

async function runStryker(
  rooms: readonly string[],
  { seed, perRoom, concurrency }: Choices,
  tests: string,
): Promise<readonly MutantResult[]> {
  const sandboxes = mkdtempSync(join(tmpdir(), 'gentoo-builder-mutants-'));
  chmodSync(sandboxes, 0o755);
  // StrykerJS ends the process at a signal, so that `finally` would not run.
  process.once('exit', () => rmSync(sandboxes, { recursive: true, force: true }));
  try {
    return await new Stryker({
      mutate: rooms.map((room) => (room === 'src' ? 'src/*.ts' : `src/${room}/*.ts`)),
      testRunner: 'vitest',
      // Tests that change the user of the process cannot run in a thread.
      vitest: { configFile: 'test/rooms/vitest.config.ts', related: true, pool: 'forks', dir: tests },
      plugins: [
        import.meta.resolve('@stryker-mutator/vitest-runner'),
        import.meta.resolve('./sample-mutants.ts'),
        import.meta.resolve('./announce-survivors.ts'),
      ],
      // In the sandbox, before the tests: some tests read the sources as another user.
      buildCommand: 'chmod 0755 .',
      checkers: [SAMPLER],
      sample: { seed, perRoom },
      coverageAnalysis: 'perTest',
      concurrency,
      // A file that is not there: StrykerJS would rewrite a real one with a compiler API that TypeScript 7 does not have.
      tsconfigFile: 'no-tsconfig.json',
      tempDirName: sandboxes,
      cleanTempDir: 'always',
      reporters: ['progress-append-only', ANNOUNCER],
      // A mutant that is slow because the machine is busy must not count as killed; an endless loop ends by its number of hits.
      timeoutMS: 300_000,
      dryRunTimeoutMinutes: 30,
      thresholds: { high: 100, low: 0, break: null },
    }).runMutationTest();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new Failure('test mutants', cause, { hint: 'run the unit tests alone: npm test -- --project unit' });
  }
}

process.exitCode = await testMutants(process.argv.slice(2)).catch(reportFailure);
