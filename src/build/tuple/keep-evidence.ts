import { Failure } from '../../failure.ts';
import { workDirectory, type BuildContainer } from '../build-container.ts';
import { describeBuildLog } from '../build-log.ts';
import type { BuildContext } from '../context.ts';
import { runCommand } from '../../engine/run-command.ts';

const script = `
work=$1 logs=$2
emerge --ignore-default-opts --info --color=n >"$logs/emerge-info.txt" 2>&1
echo emerge-info.txt
for directory in "$work"/*/*/temp "$work"/.gentoo-builder/big/portage/*/*/temp; do
  [ -e "$directory/environment" ] || continue
  package=\${directory%/temp}
  category=\${package%/*}
  name=\${category##*/}_\${package##*/}
  mkdir -p "$logs/$name"
  cp "$directory/environment" "$logs/$name/" && echo "$name/environment"
  find "$package/work" -name config.log -type f 2>/dev/null | head -n 20 | while read -r file; do
    kept=$(echo "\${file#"$package/work/"}" | tr / _)
    cp "$file" "$logs/$name/$kept" && echo "$name/$kept"
  done
done
`;

/** An emerge that ended, and what its Portage was told by the environment. */
interface FailedEmerge {
  readonly error: unknown;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Keeps what is needed to look into a failed build beside its log, as the container goes: `emerge --info`, and of each
 * package that was being built its `environment` and every `config.log`. Answers with the failure, which names them. What
 * a signal ended, or the loss of the container, leaves nothing to look into.
 */
export async function keepEvidence(
  { engine, signal }: BuildContext,
  { id, log }: BuildContainer,
  { error, environment }: FailedEmerge,
): Promise<unknown> {
  if (!(error instanceof Failure) || signal.aborted || error.code === 'container-lost') return error;
  const command = ['/bin/sh', '-c', script, 'zentoo-evidence', workDirectory, log.directory];
  const kept = await runCommand(engine, id, { command, environment }).catch(() => undefined);
  const names = kept?.stdout.split('\n').filter((name) => name !== '') ?? [];
  if (names.length === 0) return error;
  const [code, message] = [error.code, error.message];
  const places = names.map((name) => `    ${describeBuildLog(log, `${log.directory}/${name}`)}`);
  const beside = ['kept beside it:', ...places].join('\n');
  return new Failure(code, message, {
    hint: error.hint === undefined ? beside : `${error.hint}\n${beside}`,
    place: error.place,
    logTail: error.logTail,
    cause: error.cause,
  });
}
