import { rawDocker, uniqueName } from './real-engine.ts';
import type { Builder } from './builder.ts';
import { runProgram, type CommandOutcome } from './run-program.ts';

/** How a container of gentoo-base is run. */
export interface BaseContainerOptions {
  /** Options for `docker run`, before the image. */
  readonly docker?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly command?: readonly string[];
}

/** A container of gentoo-base that ended, kept until the test ends. */
export interface BaseOutcome extends CommandOutcome {
  readonly name: string;
}

/** Mounts of the builder's tree, packages and sources at the places where a builder that is kept has them. */
export function borrowVolumes(builder: Builder, tree = '/var/db/repos/gentoo'): string[] {
  return ['-v', `${builder.volumes.tree}:${tree}`, ...builder.cacheMounts];
}

/** gentoo-base with the repository of packages that fail. */
export function baseWithFaults(builder: Builder, ...instructions: string[]): Promise<string> {
  return builder.makeImage(
    'gentoo-base',
    'COPY --from=gentoo-ministage-faults /etc/portage/repos.conf/faults.conf /etc/portage/repos.conf/faults.conf',
    'COPY --from=gentoo-ministage-faults /var/db/repos/faults /var/db/repos/faults',
    ...instructions,
  );
}

/** Runs a container of gentoo-base to its end. */
export async function runBase(builder: Builder, options: BaseContainerOptions): Promise<BaseOutcome> {
  const name = uniqueName('base');
  builder.removeLater({ container: name });
  return { name, ...(await runProgram('docker', ['run', '--name', name, ...argumentsOf(options)])) };
}

/** Starts one, and waits until its log has a match, if one is named. */
export async function startBase(builder: Builder, options: BaseContainerOptions, said?: RegExp): Promise<string> {
  const name = uniqueName('base');
  builder.removeLater({ container: name });
  const { status, stderr } = await runProgram('docker', ['run', '--detach', '--name', name, ...argumentsOf(options)]);
  if (status !== 0) throw new Error(`docker run ended with ${status}: ${stderr}`);
  if (said === undefined) return name;
  const follow = new AbortController();
  const log = await rawDocker()
    .getContainer(name)
    .logs({ stdout: true, stderr: true, follow: true, abortSignal: follow.signal });
  let text = '';
  for await (const chunk of log) {
    text += chunk.toString();
    if (said.test(text)) {
      follow.abort();
      return name;
    }
  }
  throw new Error(`${name} ended without saying ${said}:\n${text}`);
}

/** Signals a running container, and tells its exit status and how long it took to end, by the engine's own clock. */
export async function endBase(name: string, signal: string): Promise<{ status: number; milliseconds: number }> {
  const container = rawDocker().getContainer(name);
  const since = Math.floor(Date.now() / 1000) - 1;
  await container.kill({ signal });
  await container.wait();
  const { State } = await container.inspect();
  const filters = { container: [name], event: ['kill'] };
  const until = Math.floor(Date.now() / 1000) + 1;
  const events = await rawDocker().getEvents({ since, until, filters });
  let text = '';
  for await (const chunk of events) text += chunk.toString();
  const { timeNano } = JSON.parse(text.split('\n')[0] ?? '') as { timeNano: number };
  return { status: State.ExitCode, milliseconds: Date.parse(State.FinishedAt) - timeNano / 1e6 };
}

function argumentsOf({ docker = [], env = {}, image = 'gentoo-base', command = [] }: BaseContainerOptions): string[] {
  const environment = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  return [...docker, ...environment, image, ...command];
}
