import type { Writable } from 'node:stream';
import type { AttachedExec, TerminalSize } from '../engine/execs.ts';
import { watchOutput, type HalfOpenRule } from '../engine/watch-output.ts';
import type { Terminal } from './terminal.ts';

/** The functions that act on the process at the other end of a terminal. */
export interface TerminalLine {
  /** The size that the process was started with. */
  readonly size: TerminalSize;
  /** Passes the terminal's size on to the process; undefined if the process has no terminal. */
  readonly resize: (() => Promise<void>) | undefined;
  /** Tells the process that its terminal is gone. `connectTerminal` calls it at most once. */
  readonly hangUp: () => void;
  /** Decides whether the connection is half open; then `connectTerminal` ends. */
  readonly isHalfOpen: HalfOpenRule;
  /** The signal; when it is aborted, the process is hung up. */
  readonly signal: AbortSignal;
}

/**
 * Connects a terminal with a process until the process's output ends or its connection is half open. In each direction, the
 * reader sets the pace. The end of a piped standard input is passed on; the end of a terminal's input hangs up the process.
 * Resolves to true if the process was hung up.
 */
export async function connectTerminal(terminal: Terminal, exec: AttachedExec, line: TerminalLine): Promise<boolean> {
  const { input, output, errors, isInteractive } = terminal;
  const { signal, resize } = line;
  let isOpen = true;
  let isHungUp = false;
  const hangUp = (): void => {
    if (isHungUp) return;
    isHungUp = true;
    line.hangUp();
  };
  const onData = (chunk: Uint8Array): void => {
    input.pause();
    void exec.send(chunk).then(() => {
      if (isOpen) input.resume();
    });
  };
  const onEnd = (): void => (isInteractive ? hangUp() : exec.endInput());
  const onResize = resize === undefined ? (): void => undefined : oneAtATime(resize);

  const stopResizing = terminal.onResize(onResize);
  input.on('data', onData).on('end', onEnd).on('error', onEnd);
  output.on('error', hangUp);
  errors.on('error', hangUp);
  signal.addEventListener('abort', hangUp);
  if (signal.aborted) hangUp();
  else if (input.destroyed || input.readableEnded) onEnd();
  try {
    let isFirst = true;
    for await (const { stream, data } of watchOutput(exec, line.isHalfOpen)) {
      // The size may have changed while the process was being started.
      if (isFirst && !isSame(line.size, terminal.size())) onResize();
      isFirst = false;
      await write(stream === 'stdout' ? output : errors, data);
    }
    return isHungUp;
  } finally {
    isOpen = false;
    stopResizing();
    input.pause();
    input.off('data', onData).off('end', onEnd).off('error', onEnd);
    output.off('error', hangUp);
    errors.off('error', hangUp);
    signal.removeEventListener('abort', hangUp);
  }
}

/**
 * Returns a function that runs an action. If the function is called while the action runs, the action runs once more
 * afterwards, so that two requests are never under way together: the engine could carry them out in the wrong order, and an old
 * size would stay. A failed resize is harmless: the next one repairs it.
 */
function oneAtATime(action: () => Promise<void>): () => void {
  let isRunning = false;
  let isAskedAgain = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    do {
      isAskedAgain = false;
      await action().catch(() => undefined);
    } while (isAskedAgain);
    isRunning = false;
  };
  return () => {
    if (isRunning) isAskedAgain = true;
    else void run();
  };
}

/** Writes data and settles when the stream takes more data; settles at once if the stream is gone. */
async function write(stream: Writable, data: Uint8Array): Promise<void> {
  if (stream.destroyed || stream.write(data)) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle).off('close', settle).off('error', settle);
      resolve();
    };
    stream.on('drain', settle).on('close', settle).on('error', settle);
  });
}

function isSame(one: TerminalSize, other: TerminalSize): boolean {
  return one.columns === other.columns && one.rows === other.rows;
}
