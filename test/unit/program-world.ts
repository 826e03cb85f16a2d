import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { World } from '../../src/program.ts';
import type { CommandOutcome } from '../support/run-program.ts';
import { CapturedStream } from './report/captured-stream.ts';

/** A world for a program that runs inside a test: `emit` sends a signal, and `exits` lists the calls of `exit`. */
export class ProgramWorld extends EventEmitter implements World {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin = Readable.from([]);
  readonly stdout = new CapturedStream();
  readonly stderr = new CapturedStream();
  readonly exits: number[] = [];

  /** No engine answers unless `env` names one. */
  constructor(env: Readonly<Record<string, string>> = {}) {
    super();
    this.env = { DOCKER_HOST: 'unix:///nowhere', ...env };
  }

  exit(status: number): void {
    this.exits.push(status);
  }
}

/** Runs a program in a world of its own. Resolves to the exit status and the texts on both streams. */
export async function runInWorld(
  program: (argv: readonly string[], world: World) => Promise<number>,
  argv: readonly string[],
  world = new ProgramWorld(),
): Promise<CommandOutcome> {
  const status = await program(argv, world);
  return { status, stdout: world.stdout.text, stderr: world.stderr.text };
}
