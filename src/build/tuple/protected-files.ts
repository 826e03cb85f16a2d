import { matchesGlob, posix } from 'node:path';
import { Failure } from '../../failure.ts';
import { protectionRules, type ProtectionRule } from '../../site/protection-rules.ts';
import type { Tuple } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { runCommand } from '../../engine/run-command.ts';
import { placeOf } from './root-place.ts';

const findScript = `find "$1" -xdev -name '._cfg[0-9][0-9][0-9][0-9]_*' -print0`;

const resolveScript = `
while [ "$#" -ge 3 ]; do
  case $1 in
    # It is run again where its answer was lost.
    new) [ ! -e "$2" ] && [ ! -L "$2" ] || mv -fT -- "$2" "$3" || exit ;;
    old) rm -f -- "$2" || exit ;;
  esac
  shift 3
done
`;

/** What becomes of one file that Portage did not put in its place; make.conf(5), CONFIG_PROTECT. */
export interface ProtectedFile {
  /** The file that is configured, in the root. */
  readonly path: string;
  readonly taken: 'new' | 'old';
}

/**
 * Decides about the configuration files that Portage left beside those that were there (`._cfg0000_*`): the new one is
 * taken, unless the last fitting line of the branch's zentoo/protected-files, `GLOB new|old` each, says otherwise. Of
 * several new ones the latest counts. Names each file with what was taken.
 */
export async function resolveProtected(
  { engine, report }: BuildContext,
  { id }: BuildContainer,
  tuple: Tuple,
): Promise<readonly ProtectedFile[]> {
  const { root } = placeOf(tuple);
  const { stdout } = await runCommand(engine, id, {
    command: ['/bin/sh', '-c', findScript, 'zentoo-find-protected', root],
  });
  const rules = protectionRules(tuple.portage.entries);
  const actions = planProtected(
    stdout.split('\0').filter((path) => path !== ''),
    rules,
    root,
  );
  if (actions.length === 0) return [];
  const words = actions.flatMap(({ taken, from, to }) => [taken, from, to]);
  const { exitCode, stderr } = await runCommand(engine, id, {
    command: ['/bin/sh', '-c', resolveScript, 'zentoo-protected-files', ...words],
  });
  if (exitCode !== 0)
    throw new Failure('assemble-failed', `failed to resolve protected configuration files: ${stderr.trim()}`);
  const resolved = new Map(actions.map(({ path, taken }) => [path, { path, taken }]));
  for (const { path, taken } of resolved.values())
    await report({ type: 'note', message: `${tuple.name}: ${path}: took the ${taken} one` });
  return [...resolved.values()];
}

interface Action extends ProtectedFile {
  /** What Portage left: put in the place of `to` where the new one is taken, else removed. Both as the container has them. */
  readonly from: string;
  readonly to: string;
}

/**
 * What is done with each of the files that Portage left below a root; in their order, so that the latest of several is
 * moved last. Globs are of paths in the root, and a `*` of theirs stands for one name.
 */
export function planProtected(
  files: readonly string[],
  rules: readonly ProtectionRule[],
  root: string,
): readonly Action[] {
  return files.toSorted().map((from) => {
    const to = posix.join(posix.dirname(from), posix.basename(from).replace(/^\._cfg\d{4}_/, ''));
    const path = root === '/' ? to : to.slice(root.length);
    const taken = rules.findLast(({ glob }) => matchesGlob(path, glob))?.taken ?? 'new';
    return { from, to, path, taken };
  });
}
