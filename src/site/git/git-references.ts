import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GitDirectory } from './git-directory.ts';
import { readIfThere } from './git-directory.ts';

const objectId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const leadsOut = /(?:^|\/)\.\.(?:\/|$)/;
const branchPrefix = 'refs/heads/';
/** Where git keeps the branches of the repository that this one was cloned from. */
const originPrefix = 'refs/remotes/origin/';

/** The branches of a repository: each one's name and the id that it points to, undefined if that is damaged. */
export type BranchIds = ReadonlyMap<string, string | undefined>;

/**
 * All branches by name: its own, and for what is not among them, as `git checkout` does, those of the repository that it
 * was cloned from. A fresh clone has one branch of its own, and a fresh submodule mostly the same.
 */
export function readBranchIds(directory: GitDirectory): BranchIds {
  const references = readReferences(directory);
  const ids = new Map<string, string | undefined>();
  for (const [reference, id] of references) {
    const name = reference.slice(originPrefix.length);
    if (reference.startsWith(originPrefix) && name !== 'HEAD' && branchNameFault(name) === undefined) ids.set(name, id);
  }
  for (const [reference, id] of references)
    if (reference.startsWith(branchPrefix)) ids.set(reference.slice(branchPrefix.length), id);
  return new Map([...ids].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A branch of a clone that is not where the repository that it was cloned from had it. */
export interface MovedBranch {
  readonly name: string;
  /** The commit of the branch itself. */
  readonly own: string;
  /** The commit that the other repository had when it was last fetched from. */
  readonly origin: string;
}

/** The branches that are here and there, and not the same; sorted. */
export function readMovedBranches(directory: GitDirectory): readonly MovedBranch[] {
  const references = readReferences(directory);
  const moved = [...references].flatMap(([reference, own]) => {
    if (!reference.startsWith(branchPrefix)) return [];
    const name = reference.slice(branchPrefix.length);
    const origin = references.get(originPrefix + name);
    return own === undefined || origin === undefined || own === origin ? [] : [{ name, own, origin }];
  });
  return moved.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The references to branches, packed or not, by their full names; a file wins over `packed-refs` (git-pack-refs(1)). */
function readReferences({ common }: GitDirectory): BranchIds {
  const packed = new Map<string, string>();
  for (const line of (readIfThere(join(common, 'packed-refs')) ?? '').split('\n')) {
    const space = line.indexOf(' ');
    const [id, name] = [line.slice(0, space), line.slice(space + 1)];
    if (objectId.test(id)) packed.set(name, id);
  }
  const files = [branchPrefix, originPrefix].flatMap((prefix) => listReferenceFiles(common, prefix));
  return new Map([...packed.keys(), ...files].map((name) => [name, resolveReference(common, packed, name)]));
}

function listReferenceFiles(common: string, prefix: string): readonly string[] {
  const top = join(common, prefix);
  if (!existsSync(top)) return [];
  return readdirSync(top, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.lock'))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(common, '/').length));
}

/** The id that a reference has, by way of others where it is symbolic. */
function resolveReference(common: string, packed: ReadonlyMap<string, string>, name: string): string | undefined {
  let reference = name;
  for (let step = 0; step < 5; step += 1) {
    // A name out of packed-refs may be anything.
    const text = leadsOut.test(reference) ? undefined : readIfThere(join(common, reference))?.trim();
    if (text === undefined) return packed.get(reference);
    if (objectId.test(text)) return text;
    const target = /^ref: (refs\/(?:(?!\.\.)[^\0\n])+)$/.exec(text)?.[1];
    if (target === undefined) return undefined;
    reference = target;
  }
  return undefined;
}

/** What is checked out: a branch, which may have no commit yet, or a commit, where HEAD is detached. */
export type Head = { readonly branch: string } | { readonly commit: string };

/** Reads HEAD; undefined if it is damaged. */
export function readHead({ own }: GitDirectory): Head | undefined {
  const text = readIfThere(join(own, 'HEAD'))?.trim() ?? '';
  if (text.startsWith(`ref: ${branchPrefix}`)) return { branch: text.slice(`ref: ${branchPrefix}`.length) };
  return objectId.test(text) ? { commit: text } : undefined;
}

/**
 * Why a branch may not have such a name, undefined if it may. The rules are git's (git-check-ref-format(1)), and one more:
 * a leading hyphen, which would make it an option.
 */
export function branchNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('-')) return 'begins with a hyphen, as an option does';
  if (name.includes('..')) return 'has .. in it';
  if (/\s/.test(name)) return 'has white space in it';
  if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(name)) return 'has a control character in it';
  const character = /[~^:?*[\\]/.exec(name)?.[0];
  if (character !== undefined) return `has ${character} in it`;
  if (/(?:^|\/)(?:\.|$)|\/\/|\.lock(?:\/|$)|\.$|@\{/.test(name) || name.startsWith('/'))
    return 'is not one that git allows';
  return undefined;
}
