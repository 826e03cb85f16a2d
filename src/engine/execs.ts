import type { ContainerId, ExecId } from './identifiers.ts';

/** A process to start in a running container; it runs as root, whatever user the image names. */
export interface ExecRequest {
  /** The argument array; never a shell string. */
  readonly command: readonly string[];
  /** Variables to add to the container's environment for this process only; the container's configuration does not change. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /**
   * Whether the process gets a new terminal, whose size is 0 by 0 until it is set; all its output is then standard output. Only
   * attached execs may have a terminal. The engine's detach keys are replaced by keys that no user types.
   */
  readonly tty?: boolean;
}

/** The size of a terminal in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A piece of a process's output as the engine sent it; it may begin and end in the middle of a line. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/**
 * A process in a container with its streams attached. `output` is read from the engine only as fast as it is iterated. The
 * iteration ends when the stream does, which does not prove that the process has ended.
 */
export interface AttachedExec {
  readonly id: ExecId;
  readonly output: AsyncIterable<OutputChunk>;
  /** Writes to standard input; if the connection is gone, the data are dropped. */
  write(data: Uint8Array): void;
  /** Writes to standard input, and settles when more can be written or the connection is gone: for large inputs. */
  send(data: Uint8Array): Promise<void>;
  /** Ends standard input while output continues. Do not use it for terminals: their users press Ctrl-D. */
  endInput(): void;
  /** Closes the connection; the process reads end-of-file. */
  close(): void;
}

/** The processes in containers besides process 1; `engine.ts` describes the errors of the methods. */
export interface Execs {
  /**
   * Starts a process with its streams attached. If the command cannot be started, the exit code is 126 or 127 and standard
   * output has the reason.
   */
  execAttached(id: ContainerId, request: ExecRequest): Promise<AttachedExec>;
  /** Starts a process without a connection. Throws if the command cannot be started. */
  execDetached(id: ContainerId, request: ExecRequest): Promise<ExecId>;
  /** Sets the size of an exec's terminal (SIGWINCH). Does nothing if the exec has ended or does not exist. */
  resizeExec(id: ExecId, size: TerminalSize): Promise<void>;
  /**
   * Finds the exit code of a process that has ended. Returns undefined while it runs, for a moment after its output has ended,
   * and if the engine has forgotten the exec. 126 may also mean that the client of an attached exec went away.
   */
  execExitCode(id: ExecId): Promise<number | undefined>;
}
