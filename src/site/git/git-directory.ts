import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { parseGitConfig } from './git-config.ts';
import { GitFault } from './git-fault.ts';

/** The directories and settings of a git repository. */
export interface GitDirectory {
  /** The directory with this working tree's HEAD. */
  readonly own: string;
  /** The directory with the branches and the objects; it differs from `own` only for a linked working tree. */
  readonly common: string;
  /** The working tree; undefined for a bare repository. */
  readonly workTree: string | undefined;
  readonly hash: 'sha1' | 'sha256';
  /** Whether git uses the executable bits of the working tree. */
  readonly fileModes: boolean;
}

/**
 * Finds the repository of a directory: its `.git` directory, the target of its `.git` file (a submodule, a linked working
 * tree), or the directory itself if it is bare (gitrepository-layout(5)). Throws a {@link GitFault} if there is none, if a
 * part of it lies outside the site's directory, or if zentoo does not support its format.
 */
export function findGitDirectory(directory: string, site: string): GitDirectory {
  requireInside(directory, site, 'it');
  const dotGit = join(directory, '.git');
  const isBare = !existsSync(dotGit) && isGitDirectory(directory);
  const own = isBare ? directory : followDotGit(dotGit, directory);
  requireInside(own, site, 'its repository');
  const link = readIfThere(join(own, 'commondir'));
  const common = link === undefined ? own : resolve(own, link.trim());
  requireInside(common, site, 'the main repository of this working tree');
  if (!isGitDirectory(common)) throw new GitFault('it is not a git repository: .git has no HEAD, objects or refs');
  const config = parseGitConfig(readIfThere(join(common, 'config')) ?? '');
  const workTree = isBare || (own === common && config.get('core.bare') === 'true') ? undefined : directory;
  const fileModes = config.get('core.filemode') !== 'false';
  return { own, common, workTree, hash: readFormat(config), fileModes };
}

function followDotGit(dotGit: string, directory: string): string {
  const status = statSync(dotGit, { throwIfNoEntry: false });
  if (status === undefined) throw new GitFault('it is not a git repository; make one with: git init');
  if (status.isDirectory()) return dotGit;
  const target = status.isFile() ? /^gitdir: (.+?)\n?$/.exec(readGitFile(dotGit).toString('utf8'))?.[1] : undefined;
  if (target === undefined)
    throw new GitFault('it is not a git repository: its .git is neither a directory nor a pointer');
  const own = resolve(directory, target);
  if (!existsSync(own)) throw new GitFault(`its .git file points to ${own}, which does not exist`);
  return own;
}

function isGitDirectory(path: string): boolean {
  return (
    existsSync(join(path, 'HEAD')) &&
    (statSync(join(path, 'objects'), { throwIfNoEntry: false })?.isDirectory() ?? false) &&
    (statSync(join(path, 'refs'), { throwIfNoEntry: false })?.isDirectory() ?? false)
  );
}

/** The limit of a file name in bytes (NAME_MAX of usual file systems). */
const longestName = 255;

/** Throws a {@link GitFault} if a path leads out of the site, because a container that mounts only the site does not have it. */
export function requireInside(path: string, site: string, what: string): void {
  const real = existsSync(path) ? realpathSync(path) : path;
  const top = realpathSync(site);
  if (real === top || real.startsWith(top.endsWith(sep) ? top : top + sep)) return;
  throw new GitFault(`${what} lies outside the site, in ${real}: clone it into the site instead`);
}

function readFormat(config: ReadonlyMap<string, string>): 'sha1' | 'sha256' {
  const version = config.get('core.repositoryformatversion') ?? '0';
  if (version !== '0' && version !== '1') throw new GitFault(`zentoo does not support its format, version ${version}`);
  const references = config.get('extensions.refstorage') ?? 'files';
  if (references !== 'files')
    throw new GitFault(
      `zentoo does not support its format of references, ${references}: git refs migrate --ref-format=files`,
    );
  const hash = config.get('extensions.objectformat') ?? 'sha1';
  if (hash === 'sha1' || hash === 'sha256') return hash;
  throw new GitFault(`zentoo does not support its hash, ${hash}`);
}

/** The text of a file; undefined if there is no such file, or if no file can have such a name. */
export function readIfThere(path: string): string | undefined {
  if (path.includes('\0') || path.split('/').some((name) => Buffer.byteLength(name) > longestName)) return undefined;
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? readGitFile(path).toString('utf8') : undefined;
}

/** The limit of Node for reading a file at once, in bytes. */
const largestFile = 2 ** 31 - 1;

/** Reads a file. Throws a {@link GitFault} if the path is not a file (reading a named pipe would block), or is too large. */
export function readGitFile(path: string): Buffer {
  const status = statSync(path);
  if (!status.isFile()) throw new GitFault(`it contains ${path}, which is not a file`);
  if (status.size > largestFile)
    throw new GitFault(`it contains ${path} with ${status.size} bytes: the limit is ${largestFile}`);
  return readFileSync(path);
}
