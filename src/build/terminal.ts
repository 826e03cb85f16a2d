import { spawnSync } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../engine/engine.ts';

/** What the user of a program sits at, be it a terminal or pipes. */
export interface Terminal {
  /** Whether standard input is a terminal: a shell then gets one of its own. */
  readonly isInteractive: boolean;
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /** What programs have to know of it: TERM and COLORTERM. Not its size, which changes. */
  readonly environment: Readonly<Record<string, string>>;
  size(): TerminalSize;
  /** Calls `listener` when the size has changed; returns what ends that. */
  onResize(listener: () => void): () => void;
  /** Whether every byte is passed on as it is, both ways, or the terminal edits lines and makes signals of keys. */
  setRaw(raw: boolean): void;
}

type Sized = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** The standard streams of a process. */
export interface StandardStreams {
  readonly stdin: Readable & { readonly fd?: number; readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: Sized;
  readonly stderr: Sized;
}

/** That of a terminal which does not say its own. */
const usualSize: TerminalSize = { columns: 80, rows: 24 };

/**
 * The terminal, or pipes, that a process (`process` itself) was started with; its environment says what kind it is. From now
 * on, a stream whose other side goes away is no error of the process.
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
 * What Node calls raw still begins a new line at each line feed (libuv, uv_tty_set_mode), by which full-screen programs
 * move down. Where there is no stty(1), that stays so. Node restores all of the modes that it found.
 */
function passOutputOn(fd: number): void {
  spawnSync('stty', ['raw', '-echo', '-iexten'], { stdio: [fd, 'ignore', 'ignore'] });
}
