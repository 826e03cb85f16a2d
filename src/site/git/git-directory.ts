import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { parseGitConfig } from './git-config.ts';
import { GitFault } from './git-fault.ts';

/** Where the parts of a git repository are, and what its settings say about them. */
export interface GitDirectory {
  /** Has this working tree's own HEAD. */
  readonly own: string;
  /** Has the branches and the objects; another one than `own` for a linked working tree only. */
  readonly common: string;
  /** Undefined for a bare repository. */
  readonly workTree: string | undefined;
  readonly hash: 'sha1' | 'sha256';
  /** Whether executable bits of the working tree mean anything. */
  readonly fileModes: boolean;
}

/**
 * Finds the repository of a directory: its `.git` directory, what its `.git` file points to (a submodule, a linked
 * working tree), or the directory itself where it is bare (gitrepository-layout(5)). Throws a {@link GitFault} where
 * there is none, where a part of it lies outside the site's directory, or where it is kept in a way that is not read.
 */
export function findGitDirectory(directory: string, site: string): GitDirectory {
  requireInside(directory, site, 'it');
  const dotGit = join(directory, '.git');
  const isBare = !existsSync(dotGit) && isGitDirectory(directory);
  const own = isBare ? directory : followDotGit(dotGit, directory);
  requireInside(own, site, 'its repository');
  const link = readIfThere(join(own, 'commondir'));
  const common = link === undefined ? own : resolve(own, link.trim());
  requireInside(common, site, 'the repository that it is a working tree of');
  if (!isGitDirectory(common)) throw new GitFault('it is no git repository: .git has no HEAD, objects and refs');
  const config = parseGitConfig(readIfThere(join(common, 'config')) ?? '');
  const workTree = isBare || (own === common && config.get('core.bare') === 'true') ? undefined : directory;
  const fileModes = config.get('core.filemode') !== 'false';
  return { own, common, workTree, hash: readFormat(config), fileModes };
}

function followDotGit(dotGit: string, directory: string): string {
  const status = statSync(dotGit, { throwIfNoEntry: false });
  if (status === undefined) throw new GitFault('it is no git repository; make one with: git init');
  if (status.isDirectory()) return dotGit;
  const target = status.isFile() ? /^gitdir: (.+?)\n?$/.exec(readGitFile(dotGit).toString('utf8'))?.[1] : undefined;
  if (target === undefined)
    throw new GitFault('it is no git repository: its .git is neither a directory nor a pointer');
  const own = resolve(directory, target);
  if (!existsSync(own)) throw new GitFault(`its .git file points to ${own}, which is not there`);
  return own;
}

function isGitDirectory(path: string): boolean {
  return (
    existsSync(join(path, 'HEAD')) &&
    (statSync(join(path, 'objects'), { throwIfNoEntry: false })?.isDirectory() ?? false) &&
    (statSync(join(path, 'refs'), { throwIfNoEntry: false })?.isDirectory() ?? false)
  );
}

/** Bytes; the limit of the usual file systems (NAME_MAX). */
const longestName = 255;

/** Throws if a path leads out of the site: what is out there is not there in a container that has only the site. */
export function requireInside(path: string, site: string, what: string): void {
  const real = existsSync(path) ? realpathSync(path) : path;
  const top = realpathSync(site);
  if (real === top || real.startsWith(top.endsWith(sep) ? top : top + sep)) return;
  throw new GitFault(`${what} lies outside the site, in ${real}: clone it into the site instead`);
}

function readFormat(config: ReadonlyMap<string, string>): 'sha1' | 'sha256' {
  const version = config.get('core.repositoryformatversion') ?? '0';
  if (version !== '0' && version !== '1') throw new GitFault(`its format, version ${version}, is newer than zentoo`);
  const references = config.get('extensions.refstorage') ?? 'files';
  if (references !== 'files')
    throw new GitFault(`its branches are kept as ${references}; change that with: git refs migrate --ref-format=files`);
  const hash = config.get('extensions.objectformat') ?? 'sha1';
  if (hash === 'sha1' || hash === 'sha256') return hash;
  throw new GitFault(`its objects are named by ${hash}, which zentoo does not know`);
}

/** A file's text, undefined if there is no such file, or none can have such a name. */
export function readIfThere(path: string): string | undefined {
  if (path.includes('\0') || path.split('/').some((name) => Buffer.byteLength(name) > longestName)) return undefined;
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? readGitFile(path).toString('utf8') : undefined;
}

/** Bytes; what is larger cannot be read at once. */
const largestFile = 2 ** 31 - 1;

/** What a file has in it. Throws a {@link GitFault} for what is no file (a named pipe would be waited for) or too large. */
export function readGitFile(path: string): Buffer {
  const status = statSync(path);
  if (!status.isFile()) throw new GitFault(`it has something that is not a file in ${path}`);
  if (status.size > largestFile)
    throw new GitFault(`it has a file of ${status.size} bytes, and at most ${largestFile} are read: ${path}`);
  return readFileSync(path);
}
