import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The outcome of a command. */
export interface CommandOutcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without standard input. Does not throw if the program fails. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<CommandOutcome> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, stdout, stderr };
}

/** Runs a program to its end, which must be a success. Returns its standard output. */
export async function must(program: string, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram(program, args);
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

/** A program that runs without standard input. */
export class RunningProgram {
  readonly outcome: Promise<CommandOutcome>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #stderr = '';

  constructor(
    program: string,
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ) {
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.outcome = this.#end();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What the program has said on standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Settles when standard error has a match; throws if the program ends without one. */
  async said(when: RegExp): Promise<void> {
    const ended = this.outcome.then(() => 'ended');
    while (!when.test(this.#stderr)) {
      const next = await Promise.race([ended, once(this.#child.stderr, 'data')]);
      if (next === 'ended' && !when.test(this.#stderr))
        throw new Error(`the program ended without saying ${when}:\n${this.#stderr}`);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async #end(): Promise<CommandOutcome> {
    const [stdout] = await Promise.all([text(this.#child.stdout), once(this.#child, 'close')]);
    return { status: this.#child.exitCode, stdout, stderr: this.#stderr };
  }
}
