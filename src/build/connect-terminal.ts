import type { Writable } from 'node:stream';
import type { AttachedExec, TerminalSize } from '../engine/engine.ts';
import type { Terminal } from './terminal.ts';

/** How what happens at a terminal reaches the process at the other end. */
export interface TerminalLine {
  /** The size that the process was started with. */
  readonly size: TerminalSize;
  /** Passes the terminal's present size on; undefined where the process has no terminal. */
  readonly resize: (() => Promise<void>) | undefined;
  /** Says that nobody is there any more; called once at most. */
  readonly hangUp: () => void;
  /** Hangs up when it is aborted. */
  readonly signal: AbortSignal;
}

/**
 * Connects a terminal with a process until the process's output ends. Each direction goes at the pace of whoever takes it.
 * The end of a piped standard input is passed on; that of a terminal means that it is gone. Resolves to whether it was
 * hung up.
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
  // One that fails is made up for by the next one, and no reason to end the shell.
  const onResize = (): void => void resize?.().catch(() => undefined);

  const stopResizing = terminal.onResize(onResize);
  input.on('data', onData).on('end', onEnd).on('error', onEnd);
  output.on('error', hangUp);
  errors.on('error', hangUp);
  signal.addEventListener('abort', hangUp);
  if (signal.aborted) hangUp();
  else if (input.destroyed || input.readableEnded) onEnd();
  try {
    let isFirst = true;
    for await (const { stream, data } of exec.output) {
      // It may have changed before the process had the terminal that its size is set on.
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
    exec.close();
  }
}

/** Settles when the stream takes more; at once where it is gone. */
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
