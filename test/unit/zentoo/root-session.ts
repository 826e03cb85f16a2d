import { onTestFinished } from 'vitest';
import type { ContainerSession } from '../../../src/container/container-session.ts';
import type { ExecResult } from '../../support/fake-engine/fake-engine-execs.ts';
import { BuildWorld } from '../builder/build-world.ts';
import { playUnpacking } from '../builder/fake-unpack.ts';

/** A program that was run in a container: its name, without `zentoo-`, and the words after it. */
export type Ran = readonly [name: string, ...args: string[]];

/** A session whose shell programs give the prepared answers. */
export interface RootSession {
  readonly world: BuildWorld;
  readonly session: ContainerSession;
  /** The programs in order; archives that were unpacked are not among them. */
  readonly ran: readonly Ran[];
  /** The text of a file of the container; undefined if there is none. */
  readonly textOf: (path: string) => string | undefined;
}

/** Opens a session of a running container until the end of the test. */
export async function openRootSession(
  answers: Readonly<Record<string, ExecResult | ((args: readonly string[]) => ExecResult)>> = {},
): Promise<RootSession> {
  const world = new BuildWorld();
  onTestFinished(() => world[Symbol.dispose]());
  const session = await world.session();
  const container = world.engine.container(session.id);
  const ran: Ran[] = [];
  world.engine.onExec = (of, request, streams) => {
    const { command } = request;
    if (command.includes('gentoo-builder-unpack')) return playUnpacking(of, request, streams);
    const at = command.findIndex((word) => word.startsWith('zentoo-'));
    const name = command[at]?.slice('zentoo-'.length) ?? command[0] ?? '';
    const args = command.slice(at + 1);
    ran.push([name, ...args]);
    const answer = answers[name] ?? {};
    return typeof answer === 'function' ? answer(args) : answer;
  };
  return { world, session, ran, textOf: (path) => container.findFile(path)?.data.toString() };
}
