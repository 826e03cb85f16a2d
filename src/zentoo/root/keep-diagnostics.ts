import { shellProgram } from '../../container-program.ts';
import { Failures, failuresOf } from '../../failure.ts';
import { workDirectory } from '../../container/work-directories.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { describeBuildLog } from '../../container/build-log.ts';

/** A failed emerge and Portage's environment. */
interface FailedEmerge {
  readonly error: unknown;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Keeps the diagnostics of a failed emerge beside its log, because the container is removed: `emerge --info` and, for each
 * package that was being built, its `environment` and every `config.log`. Returns the failure with the names of the kept files; of
 * several failures, the first has the names. After a signal or the loss of the container, nothing is kept.
 */
export async function keepDiagnostics(
  session: ContainerSession,
  { error, environment }: FailedEmerge,
): Promise<unknown> {
  const { log, signal } = session;
  const [first, ...others] = failuresOf(error);
  if (first === undefined || signal.aborted || first.code === 'container-lost') return error;
  const program = new URL('./keep-diagnostics.sh', import.meta.url);
  const command = shellProgram(program, 'zentoo-diagnostics', workDirectory, log.directory);
  const kept = await session.run({ command, environment }).catch(() => undefined);
  const names = kept?.stdout.split('\n').filter((name) => name !== '') ?? [];
  if (names.length === 0) return error;
  const places = names.map((name) => `    ${describeBuildLog(log, `${log.directory}/${name}`)}`);
  const beside = ['kept beside it:', ...places].join('\n');
  const named = first.with({ hint: first.hint === undefined ? beside : `${first.hint}\n${beside}` });
  return others.length === 0 ? named : new Failures([named, ...others]);
}
