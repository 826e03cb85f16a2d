import { fileURLToPath } from 'node:url';
import { runBareCalls } from './bare-calls.ts';
import { runBuilder, runProgram } from './builder.ts';
import { ratios, takeTurns } from './compare.ts';
import { describeSeconds, describeSteps, type Row } from './row.ts';
import type { TestBed } from './test-bed.ts';
import { timeCommand } from './time-command.ts';

const script = fileURLToPath(new URL('main-job.sh', import.meta.url));

/** The whole main job, its own `docker run` included, against the shell script. */
export async function compareWithScript(bed: TestBed, runs: number): Promise<readonly Row[]> {
  const { ours, theirs } = await takeTurns(
    runs,
    () => runBuilder(bed),
    () => runScript(bed),
  );
  const seconds = ours.map((run) => run.seconds);
  return [
    {
      name: 'job',
      what: 'docker run gentoo-builder / the same steps as a shell script',
      value: ratios(seconds, theirs),
      target: { atMost: 0.4 },
      details: [
        `${describeSeconds('gentoo-builder', seconds)}, ${describeSeconds('script', theirs)}`,
        describeSteps(
          'gentoo-builder',
          ours.map((run) => run.durations),
        ),
      ],
    },
  ];
}

/** The program from its own start on against the calls that it cannot do without. */
export async function compareWithBareCalls(bed: TestBed, runs: number): Promise<readonly Row[]> {
  const { ours, theirs } = await takeTurns(
    runs,
    () => runProgram(bed),
    () => runBareCalls(bed),
  );
  const [seconds, bare] = [ours, theirs].map((side) => side.map((run) => run.seconds)) as [number[], number[]];
  return [
    {
      name: 'program',
      what: 'the program from its own start / bare API calls',
      value: ratios(seconds, bare),
      target: { atMost: 1.1 },
      details: [
        `${describeSeconds('program', seconds)}, ${describeSeconds('bare calls', bare)}`,
        describeSteps(
          'program',
          ours.map((run) => run.durations),
        ),
        describeSteps(
          'bare calls',
          theirs.map((run) => run.durations),
        ),
      ],
    },
  ];
}

async function runScript(bed: TestBed): Promise<number> {
  await bed.reset();
  const image = bed.imageName('script');
  const { seconds } = await timeCommand('sh', [script, bed.base, bed.atom, image, ...bed.mountOptions()]);
  await bed.removeImage(image);
  return seconds;
}
