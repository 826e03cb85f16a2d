import { posix } from 'node:path';
import { versionControl } from '../portage/version-control.ts';
import { GitFault } from './git/git-fault.ts';
import type { BranchEntry } from './site.ts';

/** The target of a path of a branch after its symbolic links are followed. */
export type Resolved =
  | { readonly kind: 'file'; readonly entry: BranchEntry }
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'missing';
      /** The path is absent, or it goes on below a file, or its links lead back to themselves. */
      readonly why: 'absent' | 'below-file' | 'loop';
    }
  /** The path leads out of the branch, to this absolute path. */
  | { readonly kind: 'outside'; readonly path: string };

/** The directory in which a branch of config/portage is installed. Links are followed as if the branch were there. */
const etcPortage = ['etc', 'portage'];

/** The number of links that Linux follows (path_resolution(7)). */
const mostLinks = 40;

/** The limit of files and directories: links to directories can turn few into many. */
const mostFiles = 1000;

/** The files of a branch, found by paths and links as in a file system. */
export class BranchTree {
  readonly #entries: ReadonlyMap<string, BranchEntry>;
  readonly #top: readonly string[];
  /** The names in each directory. The path of a directory is empty or ends with `/`. */
  readonly #names = new Map<string, Set<string>>([['', new Set()]]);

  /** `top` is the path of the directory in which the branch is installed, as a list of names. */
  constructor(entries: readonly BranchEntry[], top: readonly string[] = etcPortage) {
    this.#top = top;
    this.#entries = new Map(entries.map((entry) => [entry.path, entry]));
    for (const { path } of entries) {
      for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
        const slash = path.lastIndexOf('/', end - 1);
        const directory = path.slice(0, slash + 1);
        this.#names.set(directory, (this.#names.get(directory) ?? new Set()).add(path.slice(slash + 1, end)));
      }
    }
  }

  /** Follows a path from the branch's top, or an absolute path, including links in the path and at its end. */
  resolve(path: string): Resolved {
    const rest = path.split('/').toReversed();
    const at: string[] = path.startsWith('/') ? [] : [...this.#top];
    let links = 0;
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        at.pop();
        continue;
      }
      at.push(part);
      const inside = pathInside(at, this.#top);
      const entry = inside === undefined ? undefined : this.#entries.get(inside);
      if (entry?.type === 'symlink') {
        const target = entry.read().toString('utf8');
        if (++links > mostLinks) return { kind: 'missing', why: 'loop' };
        at.pop();
        if (target.startsWith('/')) at.length = 0;
        rest.push(...target.split('/').toReversed());
      } else if (entry !== undefined && rest.length > 0) return { kind: 'missing', why: 'below-file' };
      else if (entry === undefined && inside !== undefined && !this.#names.has(asDirectory(inside)))
        return { kind: 'missing', why: 'absent' };
    }
    const inside = pathInside(at, this.#top);
    if (inside === undefined) return { kind: 'outside', path: `/${at.join('/')}` };
    const entry = this.#entries.get(inside);
    return entry ? { kind: 'file', entry } : { kind: 'directory', path: inside };
  }

  /** The names in a directory, sorted, hidden ones included; undefined if the path does not lead to a directory of the branch. */
  namesIn(path: string): readonly string[] | undefined {
    const found = this.resolve(path);
    return found.kind === 'directory' ? [...(this.#names.get(asDirectory(found.path)) ?? [])].toSorted() : undefined;
  }

  /**
   * Lists the files of a setting that may be a file or a directory of files, in the order in which Portage reads them. Hidden
   * names, names that end with `~` and directories of version control are left out (`_recursive_file_list` in portage/util).
   * Returns an empty list if there is no such path.
   */
  list(path: string): readonly { readonly path: string; readonly resolved: Resolved }[] {
    const found: { path: string; resolved: Resolved }[] = [];
    let visited = 0;
    const visit = (name: string, above: readonly string[]): void => {
      const resolved = this.resolve(name);
      if (resolved.kind !== 'directory') found.push({ path: name, resolved });
      else if (!above.includes(resolved.path) && !versionControl.has(posix.basename(name)))
        for (const child of [...(this.#names.get(asDirectory(resolved.path)) ?? [])].toSorted())
          if (isRead(child)) visit(`${name}/${child}`, [...above, resolved.path]);
      if (++visited > mostFiles) throw new GitFault(`its symbolic links turn it into more than ${mostFiles} files`);
    };
    if (this.#names.get('')?.has(path) === true) visit(path, []);
    return found;
  }
}

/** The path relative to the branch's top; undefined if the path is outside. */
function pathInside(at: readonly string[], top: readonly string[]): string | undefined {
  return top.every((part, index) => at[index] === part) ? at.slice(top.length).join('/') : undefined;
}

function asDirectory(path: string): string {
  return path === '' ? '' : `${path}/`;
}

function isRead(name: string): boolean {
  return !name.startsWith('.') && !name.endsWith('~');
}
