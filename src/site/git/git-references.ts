import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseGitConfig } from './git-config.ts';
import type { GitDirectory } from './git-directory.ts';
import { readIfThere } from './git-directory.ts';

const objectId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const leadsOut = /(?:^|\/)\.\.(?:\/|$)/;
const branchPrefix = 'refs/heads/';
/** The prefix of the branches of remotes; the name of the remote follows. */
const remotesPrefix = 'refs/remotes/';

/** The branches of a repository: names, and the ids that they point to; the id is undefined if it is damaged. */
export type BranchIds = ReadonlyMap<string, string | undefined>;

/** All branches; `ambiguous` has the branches that are not local and have different commits in several remotes. */
export interface FoundBranches {
  readonly ids: BranchIds;
  /** By branch: the names of the remotes that have it, sorted. */
  readonly ambiguous: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads all branches: the local branches and, for other names, the branches of the remotes, as `git checkout` does. A fresh
 * clone has only one local branch.
 */
export function readBranchIds(directory: GitDirectory): FoundBranches {
  const references = readReferences(directory);
  const ids = new Map<string, string | undefined>();
  const ambiguous = new Map<string, readonly string[]>();
  for (const [name, versions] of Map.groupBy(remoteBranches(directory, references), (branch) => branch.name)) {
    ids.set(name, versions[0]?.id);
    const isSame = versions.every(({ id }) => id === versions[0]?.id);
    if (!isSame) ambiguous.set(name, versions.map(({ remote }) => remote).toSorted());
  }
  for (const [reference, id] of references) {
    if (!reference.startsWith(branchPrefix)) continue;
    const name = reference.slice(branchPrefix.length);
    ids.set(name, id);
    ambiguous.delete(name);
  }
  return { ids: new Map([...ids].toSorted(([a], [b]) => (a < b ? -1 : 1))), ambiguous };
}

interface RemoteBranch {
  readonly remote: string;
  readonly name: string;
  readonly id: string | undefined;
}

/** The branches of all remotes. The name of a remote may contain slashes, so git's settings tell where the name of the branch begins. */
function remoteBranches({ common }: GitDirectory, references: BranchIds): readonly RemoteBranch[] {
  const config = parseGitConfig(readIfThere(join(common, 'config')) ?? '');
  const remotes = [...config.keys()].flatMap((key) => /^remote\.(.+)\.url$/s.exec(key)?.[1] ?? []);
  return [...references].flatMap(([reference, id]) => {
    if (!reference.startsWith(remotesPrefix)) return [];
    const path = reference.slice(remotesPrefix.length);
    const remote = remotes.find((one) => path.startsWith(`${one}/`)) ?? path.split('/', 1)[0] ?? '';
    const name = path.slice(remote.length + 1);
    return name === 'HEAD' || branchNameFault(name) !== undefined ? [] : [{ remote, name, id }];
  });
}

/** A local branch whose commit differs from that of the same branch in a remote. */
export interface LeftBehindBranch {
  readonly name: string;
  /** The commit of the local branch. */
  readonly own: string;
  /** The name of the remote, mostly `origin`. */
  readonly remote: string;
  /** The commit of the branch in the remote at the last fetch. */
  readonly origin: string;
}

/** The local branches that differ from all remotes that have them, sorted by name. */
export function readLeftBehindBranches(directory: GitDirectory): readonly LeftBehindBranch[] {
  const references = readReferences(directory);
  const remote = Map.groupBy(remoteBranches(directory, references), (branch) => branch.name);
  const moved = [...remote].flatMap(([name, versions]) => {
    const own = references.get(branchPrefix + name);
    if (own === undefined || versions.some(({ id }) => id === own)) return [];
    const other = versions.find((one) => one.remote === 'origin') ?? versions[0];
    return other?.id === undefined ? [] : [{ name, own, remote: other.remote, origin: other.id }];
  });
  return moved.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The references to branches by full name. A file overrides `packed-refs` (git-pack-refs(1)). */
function readReferences({ common }: GitDirectory): BranchIds {
  const packed = new Map<string, string>();
  for (const line of (readIfThere(join(common, 'packed-refs')) ?? '').split('\n')) {
    const space = line.indexOf(' ');
    const [id, name] = [line.slice(0, space), line.slice(space + 1)];
    if (objectId.test(id)) packed.set(name, id);
  }
  const files = [branchPrefix, remotesPrefix].flatMap((prefix) => listReferenceFiles(common, prefix));
  return new Map([...packed.keys(), ...files].map((name) => [name, resolveReference(common, packed, name)]));
}

function listReferenceFiles(common: string, prefix: string): readonly string[] {
  const top = join(common, prefix);
  if (!existsSync(top)) return [];
  return readdirSync(top, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.lock'))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(common, '/').length));
}

/** The id of a reference; symbolic references are followed. */
function resolveReference(common: string, packed: ReadonlyMap<string, string>, name: string): string | undefined {
  let reference = name;
  for (let step = 0; step < 5; step += 1) {
    // A name in packed-refs may be anything.
    const text = leadsOut.test(reference) ? undefined : readIfThere(join(common, reference))?.trim();
    if (text === undefined) return packed.get(reference);
    if (objectId.test(text)) return text;
    const target = /^ref: (refs\/(?:(?!\.\.)[^\0\n])+)$/.exec(text)?.[1];
    if (target === undefined) return undefined;
    reference = target;
  }
  return undefined;
}

/** The checked-out branch, which may have no commit yet; or the commit, if HEAD is detached. */
export type Head = { readonly branch: string } | { readonly commit: string };

/** Reads HEAD; undefined if it is damaged. */
export function readHead({ own }: GitDirectory): Head | undefined {
  const text = readIfThere(join(own, 'HEAD'))?.trim() ?? '';
  if (text.startsWith(`ref: ${branchPrefix}`)) return { branch: text.slice(`ref: ${branchPrefix}`.length) };
  return objectId.test(text) ? { commit: text } : undefined;
}

/**
 * Tells why a name is not allowed for a branch; undefined if it is. The rules are from git (git-check-ref-format(1)); in
 * addition, a name must not begin with a hyphen, because it would look like an option.
 */
export function branchNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('-')) return 'begins with a hyphen, as an option does';
  if (name.includes('..')) return 'contains ..';
  if (/\s/.test(name)) return 'contains white space';
  if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(name)) return 'contains a control character';
  const character = /[~^:?*[\\]/.exec(name)?.[0];
  if (character !== undefined) return `contains ${character}`;
  if (/(?:^|\/)(?:\.|$)|\/\/|\.lock(?:\/|$)|\.$|@\{/.test(name) || name.startsWith('/')) return 'is not allowed by git';
  return undefined;
}
