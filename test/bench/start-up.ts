import { builderImage, programCommand } from './builder.ts';
import { ratios } from './compare.ts';
import type { EngineApi } from './engine-api.ts';
import { describeSeconds, type Row } from './row.ts';
import { timeCommand } from './time-command.ts';

/** Prints, after a round that is not counted, nanoseconds of `--help` and of a bare Node by turns. */
const stopwatch = `
runs=$1
shift
for round in $(seq 0 "$runs"); do
  start=$(date +%s%N)
  "$@" --help >/dev/null || exit
  middle=$(date +%s%N)
  node --eval 0 || exit
  end=$(date +%s%N)
  [ "$round" -eq 0 ] || echo "$((middle - start)) $((end - middle))"
done
`;

/** `--help` against a Node that does nothing, in the builder's image. For information: it has no target. */
export async function compareStartUp(api: EngineApi, runs: number): Promise<readonly Row[]> {
  const program = await programCommand({ api });
  const shell = ['--entrypoint', '/bin/sh', builderImage, '-c', stopwatch, 'sh', String(runs), ...program];
  const { stdout } = await timeCommand('docker', ['run', '--rm', ...shell]);
  const rounds = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e9));
  const [help, node] = [0, 1].map((side) => rounds.map((round) => round[side] ?? Number.NaN)) as [number[], number[]];
  return [
    {
      name: 'start',
      what: 'gentoo-builder --help / a Node that does nothing',
      value: ratios(help, node),
      details: [`${describeSeconds('--help', help)}, ${describeSeconds('node', node)}`],
    },
  ];
}
