import { matchesGlob, posix } from 'node:path';
import { shellProgram } from '../../container-program.ts';
import { Failure } from '../../failure.ts';
import { protectionRules, type ProtectionRule } from '../../site/protection-rules.ts';
import { stateDirectory } from '../../container/work-directories.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** The decision about one protected configuration file; make.conf(5), CONFIG_PROTECT. */
export interface ProtectedFile {
  /** The path of the configuration file in the root. */
  readonly path: string;
  /** The file that stays. A file that the engine mounts, such as /etc/hosts, is in no image: the new one is left out. */
  readonly taken: 'new' | 'old' | 'left out';
}

/** A file on the work volume with the files that were there at the beginning of the merge. */
const beginning = `${stateDirectory}/merge-began`;

/**
 * Marks the beginning of a merge. Files that are there already, for example because the branch or the stage has them, are then not
 * taken for files that Portage left.
 */
export async function markMerge(
  session: ContainerSession,
  { location: { root } }: Pick<TupleWork, 'location'>,
): Promise<void> {
  const { exitCode, stderr } = await session.run({ command: findCommand('begin', root) });
  if (exitCode !== 0)
    throw new Failure('assemble-failed', `failed to mark the beginning of the merge: ${stderr.trim()}`);
}

function findCommand(step: 'begin' | 'end', root: string): readonly string[] {
  return shellProgram(new URL('./find-protected.sh', import.meta.url), 'zentoo-find-protected', step, root, beginning);
}

/**
 * Resolves the configuration files that Portage left beside existing ones (`._cfg0000_*`) since {@link markMerge}. The new file replaces the old one,
 * unless the last matching line of the branch's zentoo/protected-files (`GLOB new|old`) says `old`. If there are several new files,
 * the latest counts. Reports each file with the decision.
 */
export async function resolveProtected(
  session: ContainerSession,
  { tuple, location: { root } }: TupleWork,
): Promise<readonly ProtectedFile[]> {
  const { stdout } = await session.run({ command: findCommand('end', root) });
  const rules = protectionRules(tuple.portage.entries);
  const actions = planProtected(
    stdout.split('\0').filter((path) => path !== ''),
    rules,
    root,
  );
  if (actions.length === 0) return [];
  const program = new URL('./resolve-protected.sh', import.meta.url);
  const words = actions.flatMap(({ taken, from, to }) => [taken, from, to]);
  const answer = await session.run({
    command: shellProgram(program, 'zentoo-protected-files', ...words),
  });
  if (answer.exitCode !== 0)
    throw new Failure('assemble-failed', `failed to resolve protected configuration files: ${answer.stderr.trim()}`);
  const mounted = new Set(answer.stdout.split('\0').filter((path) => path !== ''));
  const resolved = new Map(
    actions.map(({ path, taken, to }) => [path, { path, taken: mounted.has(to) ? ('left out' as const) : taken }]),
  );
  for (const { path, taken } of resolved.values()) {
    const what = taken === 'left out' ? 'left out, because the engine mounts this file' : `took the ${taken} one`;
    await session.report({ type: 'note', message: `${tuple.name}: ${path}: ${what}` });
  }
  return [...resolved.values()];
}

interface Action extends ProtectedFile {
  readonly taken: 'new' | 'old';
  /** The file that Portage left. It replaces `to` if the new file is taken, and is removed otherwise. Both are paths in the container. */
  readonly from: string;
  readonly to: string;
}

/**
 * Decides about each file that Portage left below a root. The files are sorted: if Portage left several new files for one path,
 * the latest comes last and counts. A glob matches paths in the root; its `*` matches within one name.
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
