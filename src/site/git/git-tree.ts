import { GitFault } from './git-fault.ts';
import type { GitObjects } from './git-objects.ts';

/** The type of an entry, as git records it; a submodule is a commit of another repository. */
export type TreeEntryType = 'file' | 'executable' | 'symlink' | 'submodule';

/** An entry of a commit. */
export interface TreeEntry {
  /** The path relative to the tree's top, with `/`. */
  readonly path: string;
  readonly type: TreeEntryType;
  readonly id: string;
}

const deepest = 64;
const mostEntries = 100_000;

/**
 * Reads all entries of a commit, sorted by path. Throws a {@link GitFault} if one is missing, damaged or has a dangerous name, or
 * if there are too many files and directories: few tree objects can name each other so often that they expand to billions.
 */
export function readCommitTree(objects: GitObjects, commit: string): readonly TreeEntry[] {
  const text = objects.read(commit, 'commit').toString('latin1');
  const tree = /^tree ([0-9a-f]+)\n/.exec(text)?.[1];
  if (tree === undefined) throw new GitFault(`the commit ${commit} has no tree`);
  const entries: TreeEntry[] = [];
  let directories = 0;
  const parsed = new Map<string, readonly TreeLine[]>();
  const linesOf = (id: string): readonly TreeLine[] => {
    const known = parsed.get(id) ?? [...parseTree(objects.read(id, 'tree'), id.length / 2)];
    parsed.set(id, known);
    return known;
  };
  const walk = (id: string, prefix: string, depth: number): void => {
    if (depth > deepest) throw new GitFault(`it has more than ${deepest} levels of directories: ${prefix}`);
    if (++directories > mostEntries) throw new GitFault(`it has more than ${mostEntries} directories`);
    for (const { mode, name, id: child } of linesOf(id)) {
      const path = prefix + name;
      if (name === '.' || name === '..' || name.toLowerCase() === '.git' || /^$|\//.test(name))
        throw new GitFault(`it has a file with a name that is not allowed: '${path}'`);
      if (entries.length >= mostEntries) throw new GitFault(`it has more than ${mostEntries} files`);
      if (mode === 0o40000) walk(child, `${path}/`, depth + 1);
      else entries.push({ path, type: typeOf(mode, path), id: child });
    }
  };
  walk(tree, '', 0);
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** A line of a tree object. */
interface TreeLine {
  readonly mode: number;
  readonly name: string;
  readonly id: string;
}

/** Parses a tree object, a sequence of `<mode> <name>\0<id>`. */
function* parseTree(bytes: Buffer, width: number): Generator<TreeLine> {
  for (let position = 0; position < bytes.length;) {
    const space = bytes.indexOf(0x20, position);
    const end = bytes.indexOf(0, space);
    const next = end + 1 + width;
    if (space < 0 || end < 0 || next > bytes.length) throw new GitFault('one of its directories is damaged');
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
  throw new GitFault(`its entry '${path}' is neither a file nor a link nor a directory`);
}
