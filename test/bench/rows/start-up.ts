import type { Bench } from '../bench-world.ts';
import { builderImage, programCommand } from '../builder.ts';
import { ratios } from '../compare.ts';
import { describeSeconds, type Row } from '../row.ts';
import { timeCommand } from '../time-command.ts';

/** Prints, after a round that is not counted, nanoseconds of `--help` of two programs and of a bare Node by turns. */
const stopwatch = `
runs=$1
zentoo=$2
shift 2
for round in $(seq 0 "$runs"); do
  start=$(date +%s%N)
  "$@" --help >/dev/null || exit
  first=$(date +%s%N)
  "$zentoo" --help >/dev/null || exit
  second=$(date +%s%N)
  node --eval 0 || exit
  end=$(date +%s%N)
  [ "$round" -eq 0 ] || echo "$((first - start)) $((second - first)) $((end - second))"
done
`;

/** `--help` against a Node that does nothing, in the image. For information: it has no target. */
export async function compareStartUp({ api, runs }: Bench): Promise<readonly Row[]> {
  const program = await programCommand({ api });
  const rounds = ['--entrypoint', '/bin/sh', builderImage, '-c', stopwatch, 'sh', String(runs), 'zentoo', ...program];
  const { stdout } = await timeCommand('docker', ['run', '--rm', ...rounds]);
  const lines = stdout.trimEnd().split('\n');
  const column = (index: number) => lines.map((line) => Number(line.split(' ')[index]) / 1e9);
  const [builder, zentoo, node] = [column(0), column(1), column(2)];
  const bare = describeSeconds('node', node);
  return [
    {
      name: 'start',
      what: 'gentoo-builder --help / a Node that does nothing',
      value: ratios(builder, node),
      details: [`${describeSeconds('--help', builder)}, ${bare}`],
    },
    {
      name: 'start-zentoo',
      what: 'zentoo --help / a Node that does nothing',
      value: ratios(zentoo, node),
      details: [`${describeSeconds('--help', zentoo)}, ${bare}`],
    },
  ];
}
