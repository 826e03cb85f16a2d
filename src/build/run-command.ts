import type { ContainerId, Engine, ExecRequest } from '../engine/engine.ts';

/** What a short command printed. How it ended is not asked: what it printed, or did not, says as much. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a short command in a container and collects what it prints. For what may last, see `run-job.ts`. */
export async function runCommand(engine: Engine, container: ContainerId, request: ExecRequest): Promise<CommandResult> {
  const exec = await engine.execAttached(container, request);
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  try {
    for await (const { stream, data } of exec.output) chunks[stream].push(data);
  } finally {
    exec.close();
  }
  const textOf = (stream: 'stdout' | 'stderr') => Buffer.concat(chunks[stream]).toString('utf8');
  return { stdout: textOf('stdout'), stderr: textOf('stderr') };
}
