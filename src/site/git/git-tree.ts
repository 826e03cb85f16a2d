import { GitFault } from './git-fault.ts';
import type { GitObjects } from './git-objects.ts';

/** What git keeps of a file: its type and whether it is executable; a submodule is a commit of another repository. */
export type TreeEntryType = 'file' | 'executable' | 'symlink' | 'submodule';

export interface TreeEntry {
  /** Relative to the tree's top, with `/`. */
  readonly path: string;
  readonly type: TreeEntryType;
  readonly id: string;
}

const deepest = 64;
const mostEntries = 100_000;

/** All that a commit has, sorted by path. Throws a {@link GitFault} if something of it is missing, damaged or dangerous. */
export function readCommitTree(objects: GitObjects, commit: string): readonly TreeEntry[] {
  const text = objects.read(commit, 'commit').toString('latin1');
  const tree = /^tree ([0-9a-f]+)\n/.exec(text)?.[1];
  if (tree === undefined) throw new GitFault(`the commit ${commit} has no tree`);
  const entries: TreeEntry[] = [];
  walk(objects, tree, '', 0, entries);
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function walk(objects: GitObjects, id: string, prefix: string, depth: number, entries: TreeEntry[]): void {
  if (depth > deepest) throw new GitFault(`it has directories in directories, ${deepest} deep: ${prefix}`);
  for (const { mode, name, id: child } of parseTree(objects.read(id, 'tree'), id.length / 2)) {
    const path = prefix + name;
    if (name === '.' || name === '..' || name.toLowerCase() === '.git' || /^$|\//.test(name))
      throw new GitFault(`it has a file with a name that no file may have: '${path}'`);
    if (entries.length >= mostEntries) throw new GitFault(`it has more than ${mostEntries} files`);
    if (mode === 0o40000) walk(objects, child, `${path}/`, depth + 1, entries);
    else entries.push({ path, type: typeOf(mode, path), id: child });
  }
}

/** A tree object: `<mode> <name>\0<id>`, one after the other. */
function* parseTree(bytes: Buffer, width: number): Generator<{ mode: number; name: string; id: string }> {
  for (let position = 0; position < bytes.length;) {
    const space = bytes.indexOf(0x20, position);
    const end = bytes.indexOf(0, space);
    const next = end + 1 + width;
    if (space < 0 || end < 0 || next > bytes.length) throw new GitFault('a directory in it is damaged');
    const mode = Number.parseInt(bytes.toString('latin1', position, space), 8);
    yield { mode, name: decodeName(bytes.subarray(space + 1, end)), id: bytes.toString('hex', end + 1, next) };
    position = next;
  }
}

function decodeName(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new GitFault(`it has a file whose name is not UTF-8: '${bytes.toString('latin1')}'`);
  }
}

function typeOf(mode: number, path: string): TreeEntryType {
  const kind = mode & 0o170000;
  if (kind === 0o120000) return 'symlink';
  if (kind === 0o160000) return 'submodule';
  if (kind === 0o100000) return mode & 0o100 ? 'executable' : 'file';
  throw new GitFault(`'${path}' in it is neither a file nor a link nor a directory`);
}
