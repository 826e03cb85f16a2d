import { GitFault } from './git/git-fault.ts';
import type { BranchEntry } from './site.ts';

/** What a path of a branch comes to by way of its symbolic links. */
export type Resolved =
  | { readonly kind: 'file'; readonly entry: BranchEntry }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'missing' }
  /** It leads out of the branch, to this absolute path. */
  | { readonly kind: 'outside'; readonly path: string };

/** Where a branch of config/portage lies when it is used; its links are followed as they are followed there. */
const etcPortage = ['etc', 'portage'];

/** As many as Linux follows (path_resolution(7)). */
const mostLinks = 40;

/** Links to directories can make few files into many. */
const mostFiles = 1000;

/** Directories that Portage never looks into (`VCS_DIRS` in portage/const.py). */
const versionControl = new Set(['CVS', 'RCS', 'SCCS']);

/** The files of a branch as they are found by their paths. */
export class BranchTree {
  readonly #entries: ReadonlyMap<string, BranchEntry>;
  readonly #top: readonly string[];
  /** The names in each directory, whose path is empty or has a `/` at its end. */
  readonly #names = new Map<string, Set<string>>([['', new Set()]]);

  /** `top` are the names of the directory in which the branch lies when it is used. */
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

  /** Follows a path from the branch's top, links in it and at its end. */
  resolve(path: string): Resolved {
    const rest = path.split('/').toReversed();
    const at: string[] = [...this.#top];
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
        if (++links > mostLinks) return { kind: 'missing' };
        at.pop();
        if (target.startsWith('/')) at.length = 0;
        rest.push(...target.split('/').toReversed());
      } else if (entry !== undefined && rest.length > 0) return { kind: 'missing' };
      else if (entry === undefined && inside !== undefined && !this.#names.has(asDirectory(inside)))
        return { kind: 'missing' };
    }
    const inside = pathInside(at, this.#top);
    if (inside === undefined) return { kind: 'outside', path: `/${at.join('/')}` };
    const entry = this.#entries.get(inside);
    return entry ? { kind: 'file', entry } : { kind: 'directory', path: inside };
  }

  /**
   * What a setting is read from that may be a file or a directory of files, in the order in which Portage reads them:
   * hidden names and those that end with `~` are left out (`_recursive_file_list` in portage/util). Each with the path
   * by which it is found; nothing where there is no such path.
   */
  list(path: string): readonly { readonly path: string; readonly resolved: Resolved }[] {
    const found: { path: string; resolved: Resolved }[] = [];
    const visit = (name: string, above: readonly string[]): void => {
      const resolved = this.resolve(name);
      if (resolved.kind !== 'directory') found.push({ path: name, resolved });
      else if (!above.includes(resolved.path))
        for (const child of [...(this.#names.get(asDirectory(resolved.path)) ?? [])].toSorted())
          if (isRead(child)) visit(`${name}/${child}`, [...above, resolved.path]);
      if (found.length > mostFiles) throw new GitFault(`its symbolic links make it more than ${mostFiles} files`);
    };
    if (this.#names.get('')?.has(path) === true) visit(path, []);
    return found;
  }
}

/** The path from the branch's top, undefined if it is not below that. */
function pathInside(at: readonly string[], top: readonly string[]): string | undefined {
  return top.every((part, index) => at[index] === part) ? at.slice(top.length).join('/') : undefined;
}

function asDirectory(path: string): string {
  return path === '' ? '' : `${path}/`;
}

function isRead(name: string): boolean {
  return !name.startsWith('.') && !name.endsWith('~') && !versionControl.has(name);
}
