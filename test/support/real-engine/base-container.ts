import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { untilSaid } from './container-log.ts';
import { rawDocker } from './real-engine.ts';
import { uniqueName } from '../unique-name.ts';
import type { Builder } from '../builder.ts';
import { runProgram, type CommandOutcome } from '../run-program.ts';

/** Options for a container of gentoo-base. */
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

/** Mounts the builder's tree, packages and sources at the paths that a builder without --rm uses. */
export function borrowVolumes(builder: Builder, tree = '/var/db/repos/gentoo'): string[] {
  return ['-v', `${builder.volumes.tree}:${tree}`, ...builder.cacheMounts];
}

/** The image of gentoo-base with the repository of failing packages. */
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

/** Starts a container, and waits until its log matches the pattern, if there is one. */
export async function startBase(builder: Builder, options: BaseContainerOptions, said?: RegExp): Promise<string> {
  const name = uniqueName('base');
  builder.removeLater({ container: name });
  const { status, stderr } = await runProgram('docker', ['run', '--detach', '--name', name, ...argumentsOf(options)]);
  if (status !== 0) throw new Error(`docker run ended with ${status}: ${stderr}`);
  if (said !== undefined) await untilSaid(name, said);
  return name;
}

/** Sends a signal to a running container and waits for its end. Returns the exit status. */
export async function endBase(name: string, signal: string): Promise<number> {
  const container = rawDocker().getContainer(name);
  await container.kill({ signal });
  await container.wait();
  return (await container.inspect()).State.ExitCode;
}

/**
 * Like {@link endBase}, for a container that was started just now. The kernel drops a signal for a process 1 that has not set its
 * traps yet, which no event tells: the signal is sent again until the container ends.
 */
export async function endBaseEarly(name: string, signal: string): Promise<number> {
  const container = rawDocker().getContainer(name);
  const ended = container.wait().then(() => true);
  do {
    await container.kill({ signal }).catch((error: unknown) => expect(error).toMatchObject({ statusCode: 409 }));
  } while (!(await Promise.race([ended, delay(50, false)])));
  return (await container.inspect()).State.ExitCode;
}

function argumentsOf({ docker = [], env = {}, image = 'gentoo-base', command = [] }: BaseContainerOptions): string[] {
  const environment = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  return [...docker, ...environment, image, ...command];
}
