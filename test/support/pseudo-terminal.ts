import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { runProgram } from './run-program.ts';

/** A real terminal that runs a command, made by script(1) of util-linux. A test types, reads, resizes and closes it. */
export class PseudoTerminal implements AsyncDisposable {
  /** All output so far, one character for each byte. */
  shown = '';
  /** Resolves with the exit status of the command, or of the terminal's end. */
  readonly ended: Promise<number | null>;
  readonly #script: ChildProcess;
  #heard = (): void => undefined;
  #isClosed = false;
  #device = '';

  /**
   * Opens a terminal with the given columns and rows. `command` is a command line for /bin/sh, which takes its values from the
   * environment.
   */
  static async open(
    command: string,
    environment: NodeJS.ProcessEnv,
    columns = 101,
    rows = 31,
  ): Promise<PseudoTerminal> {
    const prepare = `echo "device=$(tty)" pid=$$; stty cols ${columns} rows ${rows}; read -r go; `;
    const terminal = new PseudoTerminal(prepare + command, environment);
    const [, device = ''] = await terminal.see(/device=(\S+) pid=\d+\r\n/);
    terminal.#device = device;
    terminal.type('go\n');
    return terminal;
  }

  private constructor(command: string, environment: NodeJS.ProcessEnv) {
    const env = { ...process.env, TERM: 'xterm', SHELL: '/bin/sh', ...environment };
    this.#script = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], { env });
    this.ended = once(this.#script, 'close').then(() => this.#script.exitCode);
    // The terminal may be closed while the test types.
    this.#script.stdin?.on('error', () => undefined);
    this.#script.stdout?.on('data', (chunk: Buffer) => {
      this.shown += chunk.toString('latin1');
      this.#heard();
    });
    // The command may end before its last output is read.
    void this.ended.then(() => {
      this.#isClosed = true;
      this.#heard();
    });
  }

  /** Waits until the output matches, earlier output included. Throws if the command ends without a match. */
  async see(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.shown);
      if (found !== null) return found;
      if (this.#isClosed)
        throw new Error(`the terminal's command ended without ${pattern}: ${JSON.stringify(this.shown)}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  type(keys: string | Uint8Array): void {
    this.#script.stdin?.write(keys);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await runProgram('stty', ['-F', this.#device, 'cols', String(columns), 'rows', String(rows)]);
  }

  /** Closes the terminal, as by closing its window. */
  close(): void {
    this.#script.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.ended;
  }
}
