import { posix } from 'node:path';
import { readMakeConf, type MakeConf } from '../portage/configuration/make-conf.ts';
import type { BranchTree } from './branch-tree.ts';

/** The directory in which Portage looks for make.conf. */
const configuration = '/etc/portage';

/** The make.conf of a branch. Its positions have paths in the branch. */
export interface BranchMakeConf extends MakeConf {
  /** The paths of the links that lead out of the branch. Portage reads them in the root, and zentoo does not. */
  readonly outside: readonly string[];
}

/**
 * Reads the make.conf of a branch, a file or a directory of files, with the files that it sources. Files outside the branch are
 * not read, because only the root has them.
 */
export function readBranchMakeConf(tree: BranchTree): BranchMakeConf {
  const listed = tree.list('make.conf');
  const files = listed.flatMap(({ path, resolved }) =>
    resolved.kind === 'file'
      ? [{ path: `${configuration}/${path}`, text: resolved.entry.read().toString('utf8') }]
      : [],
  );
  const readSource = (path: string) => {
    const source = tree.resolve(path);
    if (source.kind === 'outside') return 'unknown';
    return source.kind === 'file' ? { text: source.entry.read().toString('utf8') } : undefined;
  };
  const { variables, faults, notes } = readMakeConf(files, { readSource });
  return {
    variables: new Map([...variables].map(([name, { value, place }]) => [name, { value, place: inBranch(place) }])),
    faults: faults.map(({ place, message }) => ({ message, place: inBranch(place) })),
    notes: notes.map(({ place, message }) => ({ message, place: inBranch(place) })),
    outside: listed.flatMap(({ path, resolved }) => (resolved.kind === 'file' ? [] : [path])),
  };
}

function inBranch<T extends { readonly file: string }>(place: T): T {
  return { ...place, file: posix.relative(configuration, place.file) };
}
