import { spawnSync } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../engine/execs.ts';

/** The terminal or the pipes of the program's user. */
export interface Terminal {
  /** Whether standard input is a terminal: a shell in a container then gets a terminal, too. */
  readonly isInteractive: boolean;
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /** The variables that describe the terminal: TERM and COLORTERM. The size is not among them, because it changes. */
  readonly environment: Readonly<Record<string, string>>;
  size(): TerminalSize;
  /** Calls `listener` after each change of the size; returns a function that removes the listener. */
  onResize(listener: () => void): () => void;
  /**
   * Switches raw mode on or off. Raw mode passes every byte on unchanged; without it the terminal edits lines and turns keys
   * into signals.
   */
  setRaw(raw: boolean): void;
}

type Sized = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** The standard streams of a process. */
export interface StandardStreams {
  readonly stdin: Readable & { readonly fd?: number; readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: Sized;
  readonly stderr: Sized;
}

/** The size that is assumed if the terminal does not report its own. */
const usualSize: TerminalSize = { columns: 80, rows: 24 };

/**
 * Opens the terminal or pipes of a process; `environment` tells the type of the terminal (TERM). From then on, a stream whose
 * other end is closed is not an error of the process.
 */
export function openTerminal(
  { stdin, stdout, stderr }: StandardStreams,
  environment: Readonly<Record<string, string | undefined>>,
): Terminal {
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
  const isInteractive = stdin.isTTY === true;
  const shown = [stdout, stderr].find(({ isTTY }) => isTTY === true);
  const kind = ['TERM', 'COLORTERM'].flatMap((name) => {
    const value = environment[name];
    return isInteractive && value ? [[name, value] as const] : [];
  });
  return {
    isInteractive,
    input: stdin,
    output: stdout,
    errors: stderr,
    environment: Object.fromEntries(kind),
    size: () => ({ columns: shown?.columns || usualSize.columns, rows: shown?.rows || usualSize.rows }),
    onResize(listener) {
      shown?.on('resize', listener);
      return () => shown?.off('resize', listener);
    },
    setRaw(raw) {
      stdin.setRawMode?.(raw);
      if (raw && stdin.fd !== undefined) passOutputOn(stdin.fd);
    },
  };
}

/**
 * Switches output to raw mode, too. Node's raw mode still adds a carriage return to each line feed (libuv, uv_tty_set_mode),
 * which breaks full-screen programs. If the machine has no stty(1), Node's mode stays as it is. Node restores all former modes
 * later.
 */
function passOutputOn(fd: number): void {
  spawnSync('stty', ['raw', '-echo', '-iexten'], { stdio: [fd, 'ignore', 'ignore'] });
}
