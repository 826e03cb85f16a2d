import { BenchSite } from '../bench-site.ts';
import type { Bench } from '../bench-world.ts';
import { ratios, takeRounds } from '../compare.ts';
import { describeSeconds, type Row } from '../row.ts';
import { wideAtom, wideFiles } from '../tiny-packages.ts';

const workers = 2;

/** A worker in the output of `zentoo distcc status --json`. */
interface WorkerStatus {
  /** The number of files that it has compiled. */
  readonly jobs: number;
}

/** A build with workers. */
interface DistributedBuild {
  readonly seconds: number;
  /** The number of files that each worker has compiled. */
  readonly jobs: readonly number[];
}

/**
 * Builds a package of many files in a container that may use one processor, with two workers that may use one each, and without
 * workers. The workers are on the same machine, so that their gain depends on its number of processors.
 */
export async function compareDistcc({ api, tiny, runs }: Bench): Promise<readonly Row[]> {
  const numbers = Array.from({ length: 2 * runs }, (_, index) => index + 1);
  await using site = new BenchSite(api, {
    word: 'distcc',
    stage: tiny.image,
    trees: tiny.trees,
    sets: Object.fromEntries(numbers.map((number) => [setOf(number), [wideAtom(number)]])),
    more: { limits: { cpus: 1 } },
  });
  // Each build has a package of its own, so that none finds it in the store.
  const build = async (number: number) => (await site.build([site.tuple(setOf(number))])).seconds;
  const rounds = await takeRounds<[DistributedBuild, number]>(
    runs,
    [
      async (round) => {
        process.stderr.write('  workers,');
        await site.run(['distcc', 'up', '--count', String(workers)]);
        process.stderr.write(' build,');
        const seconds = await build(2 * round - 1);
        const jobs = await readJobs(site);
        if (jobs.length !== workers || jobs.includes(0))
          throw new Error(`the workers have compiled ${jobs.join(', ') || 'nothing'}`);
        await site.run(['distcc', 'down']);
        process.stderr.write(' without');
        return { seconds, jobs };
      },
      (round) => build(2 * round),
    ],
    { warmUp: false },
  );
  const ours = rounds.map(([{ seconds }]) => seconds);
  const alone = rounds.map(([, seconds]) => seconds);
  const jobs = rounds.map(([each]) => each.jobs.join(' and '));
  return [
    {
      name: 'distcc',
      what: `zentoo build of a package of ${wideFiles} C files with limits.cpus 1: with ${workers} distcc workers on the same machine / without`,
      value: ratios(ours, alone),
      details: [
        `${describeSeconds('with workers', ours)}, ${describeSeconds('without', alone)}`,
        `files that the workers compiled: ${jobs.join('; ')}`,
      ],
    },
  ];
}

function setOf(number: number): string {
  return `wide${number}`;
}

async function readJobs(site: BenchSite): Promise<readonly number[]> {
  const { stdout } = await site.run(['distcc', 'status', '--json']);
  const status = JSON.parse(stdout) as { readonly workers: readonly WorkerStatus[] };
  return status.workers.map(({ jobs }) => jobs);
}
