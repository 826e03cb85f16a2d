import { DEFAULT_SOCKET } from '../../setup/endpoint.js';
import type { EngineApi } from './engine-api.ts';
import type { TestBed } from './test-bed.ts';
import { timeCommand } from './time-command.ts';

/** The image that is measured. */
export const builderImage = 'gentoo-builder';

/** Seconds by step, as `--json` says them. */
export type Durations = Readonly<Record<string, number>>;

/** One run of the builder. */
export interface BuilderRun {
  readonly seconds: number;
  readonly durations: Durations;
}

/** The whole of it as a user runs it: from `docker run` on, with what that itself costs. */
export async function runBuilder(bed: TestBed): Promise<BuilderRun> {
  await bed.reset();
  return timeBuilder(bed);
}

/** The same from an empty tree, which is filled. */
export async function runBuilderFromNothing(bed: TestBed): Promise<BuilderRun> {
  await bed.resetTree();
  return timeBuilder(bed, ['--create-tree']);
}

async function timeBuilder(bed: TestBed, more: readonly string[] = []): Promise<BuilderRun> {
  const command = [...options(bed), builderImage, ...more, ...request(bed)];
  const { stdout, seconds } = await timeCommand('docker', ['run', ...command]);
  return finish(bed, stdout, seconds);
}

/** The shell in the builder container that takes the time of the program alone; the last line is in nanoseconds. */
const stopwatch = 'start=$(date +%s%N); "$@" || exit; echo "$(($(date +%s%N) - start))"';

/** The program from its own start to its end: what `docker run` costs before and after it is left out. */
export async function runProgram(bed: TestBed): Promise<BuilderRun> {
  await bed.reset();
  const command = [...(await programCommand(bed)), ...request(bed)];
  const { result, seconds } = await timeInContainer(options(bed), command);
  return finish(bed, result, seconds);
}

/** The same where there is an image of it already: the name of that, and seconds. The tree is taken as it is. */
export async function runProgramAgain(bed: TestBed): Promise<{ readonly image: string; readonly seconds: number }> {
  const command = [...(await programCommand(bed)), '--no-sync', ...request(bed)];
  const { result, seconds } = await timeInContainer(options(bed), command);
  const { image } = JSON.parse(result) as { image: string };
  return { image, seconds };
}

/**
 * Runs a program in a container of the builder's image; answers with the last line that it printed, and the seconds from its
 * own start to its end.
 */
export async function timeInContainer(
  dockerOptions: readonly string[],
  command: readonly string[],
): Promise<{ readonly result: string; readonly seconds: number }> {
  const shell = ['--entrypoint', '/bin/sh', builderImage, '-c', stopwatch, 'sh'];
  const { stdout } = await timeCommand('docker', ['run', ...dockerOptions, ...shell, ...command]);
  const [result = '', nanoseconds] = stdout.trimEnd().split('\n').slice(-2);
  return { result, seconds: Number(nanoseconds) / 1e9 };
}

/** The command that starts the program in its image, Node's options included. */
export async function programCommand({ api }: Pick<TestBed, 'api'>): Promise<readonly string[]> {
  const { Config } = await api.call<{ Config: { Entrypoint: string[] } }>('GET', `/images/${builderImage}/json`);
  return Config.Entrypoint;
}

/** Options of `docker run`: how the program reaches the engine, and the volumes. */
export function options(bed: TestBed): readonly string[] {
  return [...reachEngine(bed.api), ...bed.mountOptions()];
}

/** Options of `docker run` for a program that is to reach the engine. */
export function reachEngine({ endpoint: { url, socket } }: EngineApi): readonly string[] {
  return socket === undefined
    ? ['--rm', '--env', `DOCKER_HOST=${url}`, '--network', 'host']
    : ['--rm', '--volume', `${socket}:${DEFAULT_SOCKET}`];
}

function request({ base, atom }: TestBed): readonly string[] {
  return ['--json', '--base', base, atom];
}

async function finish(bed: TestBed, stdout: string, seconds: number): Promise<BuilderRun> {
  const { image, durations } = JSON.parse(stdout) as { image: string; durations: Durations };
  if (durations['emerge'] === undefined) throw new Error(`${image} was there already: nothing was built`);
  await bed.removeImage(image);
  return { seconds, durations };
}
