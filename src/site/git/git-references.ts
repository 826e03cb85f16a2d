import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GitDirectory } from './git-directory.ts';
import { readIfThere } from './git-directory.ts';

const objectId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const branchPrefix = 'refs/heads/';

/** The branches of a repository: each one's name and the id that it points to, undefined if that is damaged. */
export type BranchIds = ReadonlyMap<string, string | undefined>;

/** All branches, packed or not, by name; a reference file wins over `packed-refs` (git-pack-refs(1)). */
export function readBranchIds({ common }: GitDirectory): BranchIds {
  const ids = new Map<string, string | undefined>();
  for (const line of (readIfThere(join(common, 'packed-refs')) ?? '').split('\n')) {
    const space = line.indexOf(' ');
    const [id, name] = [line.slice(0, space), line.slice(space + 1)];
    if (objectId.test(id) && name.startsWith(branchPrefix)) ids.set(name.slice(branchPrefix.length), id);
  }
  for (const name of listReferenceFiles(join(common, branchPrefix))) ids.set(name, followReference(common, name));
  return new Map([...ids].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function listReferenceFiles(top: string): readonly string[] {
  if (!existsSync(top)) return [];
  return readdirSync(top, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.lock'))
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length).replace(/^\//, ''));
}

/** The id that a branch's file has, by way of other references where it is symbolic. */
function followReference(common: string, name: string): string | undefined {
  let reference = branchPrefix + name;
  for (let step = 0; step < 5; step += 1) {
    const text = readIfThere(join(common, reference))?.trim() ?? '';
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
