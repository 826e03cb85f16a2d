import { runBareCalls } from './bare-calls.ts';
import type { Bench } from '../bench-world.ts';
import { runBuilder, runBuilderFromNothing, runProgram, type BuilderRun } from '../builder.ts';
import { ratios, takeRounds, takeTurns } from '../compare.ts';
import { describeSeconds, describeSteps, type Row } from '../row.ts';
import { runScript, withInit } from '../script.ts';

/**
 * Compares the whole main job, `docker run` included, with the shell script, as an administrator would write it and with
 * `--init`: without that, 10 s of the script are those that `docker stop` waits for a shell that ignores the signal.
 */
export async function compareWithScript({ bed, runs }: Bench): Promise<readonly Row[]> {
  const script = async (options: readonly string[]) => {
    await bed.reset();
    return runScript(bed, { base: bed.base, atoms: [bed.atom], options: [...bed.mountOptions(), ...options] });
  };
  const rounds = await takeRounds<[BuilderRun, number, number]>(runs, [
    () => runBuilder(bed),
    () => script([]),
    () => script(withInit),
  ]);
  const builder = rounds.map(([run]) => run);
  const seconds = builder.map((run) => run.seconds);
  const [plain, init] = [rounds.map(([, theirs]) => theirs), rounds.map(([, , theirs]) => theirs)];
  const ours = describeSeconds('gentoo-builder', seconds);
  return [
    {
      name: 'job',
      what: 'cold build: docker run gentoo-builder / the same steps as a shell script, whose docker stop waits for 10 s',
      value: ratios(seconds, plain),
      target: { atMost: 0.4 },
      details: [
        `${ours}, ${describeSeconds('script', plain)}`,
        describeSteps(
          'gentoo-builder',
          builder.map((run) => run.durations),
        ),
      ],
    },
    {
      name: 'job-init',
      what: 'cold build: docker run gentoo-builder / the same steps as a shell script with docker run --init',
      value: ratios(seconds, init),
      details: [`${ours}, ${describeSeconds('script', init)}`],
    },
  ];
}

/** Compares the program, from its own start on, with the calls that it cannot do without. Both build on a tmpfs. */
export async function compareWithBareCalls({ bed, runs }: Bench): Promise<readonly Row[]> {
  const { ours, theirs } = await takeTurns(
    runs,
    () => runProgram(bed),
    () => runBareCalls(bed),
  );
  const [seconds, bare] = [ours, theirs].map((side) => side.map((run) => run.seconds)) as [number[], number[]];
  return [
    {
      name: 'program',
      what: 'cold build: the program from its own start / bare API calls, both on a tmpfs',
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

/** Compares the whole main job with a Dockerfile of the same steps. Both start without a tree. */
export async function compareWithDockerfile({ bed, buildKit, runs }: Bench): Promise<readonly Row[]> {
  const image = bed.imageName('dockerfile');
  const { ours, theirs } = await takeTurns(
    runs,
    () => runBuilderFromNothing(bed),
    async () => {
      const seconds = await buildKit.build({ base: bed.base, atoms: [bed.atom], image, cold: true });
      await bed.removeImage(image);
      return seconds;
    },
  );
  await bed.fillTree();
  const seconds = ours.map((run) => run.seconds);
  return [
    {
      name: 'dockerfile',
      what: 'cold build: docker run gentoo-builder, tree and all / BuildKit, a Dockerfile with the same steps, --no-cache',
      value: ratios(seconds, theirs),
      details: [
        `${describeSeconds('gentoo-builder', seconds)}, ${describeSeconds('BuildKit', theirs)}`,
        describeSteps(
          'gentoo-builder',
          ours.map((run) => run.durations),
        ),
      ],
    },
  ];
}
